#pragma once

// The one place that knows which major version of Catch2 is here.
#ifdef HAWSER_CATCH_3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
