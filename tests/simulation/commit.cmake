# Writes OUTPUT, which says the commit of SOURCE; runs in each build, as a configured one would fall behind.
execute_process(COMMAND git describe --always --dirty WORKING_DIRECTORY "${SOURCE}"
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE outcome)
if(NOT outcome EQUAL 0)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" CONTENT [[
#include "tests/simulation/commit.h"

namespace hawser::simulation {

std::string_view built_commit()
{
    return "@commit@";
}

} // namespace hawser::simulation
]] @ONLY)
