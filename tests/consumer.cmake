# The embedding example of the README, as an embedder has it: against an installed Hawser.
if(HAWSER_TOOLS AND NOT HAWSER_SANITIZERS)
  hawser_check(consumer "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_SOURCE_DIR}/checks/consumer_test.py"
    "${CMAKE_BINARY_DIR}" "$<TARGET_FILE:hawser_program>")
endif()
