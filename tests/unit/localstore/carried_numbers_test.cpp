#include "localstore/carried_numbers.h"
#include "tests/catch.h"

using hawser::localstore::CarriedNumbers;
using hawser::localstore::Sequence;

TEST_CASE("Numbers that follow one another there and here are one run", "[carry]")
{
    CarriedNumbers numbers;
    for (std::int64_t number = 1; number <= 500; ++number)
        numbers.add(Sequence{number}, Sequence{number + 22});
    numbers.add(Sequence{502}, Sequence{523});
    CHECK(numbers.text() == "1-500=23,502=523");
    const CarriedNumbers read(numbers.text());
    CHECK(read.here(Sequence{1}) == Sequence{23});
    CHECK(read.here(Sequence{500}) == Sequence{522});
    CHECK_FALSE(read.here(Sequence{501}));
    CHECK(read.here(Sequence{502}) == Sequence{523});
    CHECK_FALSE(read.here(Sequence{503}));
    CHECK(read.there(Sequence{23}) == Sequence{1});
    CHECK(read.there(Sequence{523}) == Sequence{502});
    CHECK_FALSE(read.there(Sequence{22}));
}

TEST_CASE("A number that is known keeps what it had, whatever is added over it", "[carry]")
{
    CarriedNumbers numbers;
    numbers.add(Sequence{5}, Sequence{50}, 3);
    numbers.add(Sequence{1}, Sequence{100}, 10);
    CHECK(numbers.here(Sequence{1}) == Sequence{100});
    CHECK(numbers.here(Sequence{4}) == Sequence{103});
    CHECK(numbers.here(Sequence{5}) == Sequence{50});
    CHECK(numbers.here(Sequence{7}) == Sequence{52});
    CHECK(numbers.here(Sequence{8}) == Sequence{107});
    CHECK(numbers.here(Sequence{10}) == Sequence{109});
    CHECK_FALSE(numbers.here(Sequence{11}));
}

TEST_CASE("Of a text that is no list of numbers what can be read is kept", "[carry]")
{
    const CarriedNumbers numbers(",x,1-2=5,9-3=1,4=,7=8z,-1=3,6=9,12-99999999999999999999=1");
    CHECK(numbers.text() == "1-2=5,6=9");
}
