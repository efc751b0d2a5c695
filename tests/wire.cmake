find_package(Python3 REQUIRED COMPONENTS Interpreter)

# hawser_script_test(NAME COMMAND…): exit code 77 means skipped; the output says why.
function(hawser_script_test name)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endfunction()

# Suites that need real processes and sockets; each stands in a file of its own. Their names begin
# with wire_, which is what `tools/dev test --tsan` runs beside the unit tests.
file(GLOB wire_suites CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/wire/*.cmake")
foreach(suite ${wire_suites})
  include("${suite}")
endforeach()
include("${CMAKE_CURRENT_SOURCE_DIR}/cli.cmake" OPTIONAL)
