# The real program against a real organization, one case for each way in which things go wrong.
if(HAWSER_TOOLS)
  foreach(suite network file refusal hostile choice queue replay operations tables typing demo)
    hawser_script_test(wire_cli_${suite} "${Python3_EXECUTABLE}"
      "${CMAKE_CURRENT_SOURCE_DIR}/wire/cli/${suite}_test.py" "$<TARGET_FILE:hawser_program>")
  endforeach()
endif()
