# Checks of the tree itself and of its tools. They look at sources, so once a change is enough: the
# label keeps them out of the sanitized runs.
function(hawser_check name)
  hawser_script_test(check_${name} ${ARGN})
  set_tests_properties(check_${name} PROPERTIES LABELS once)
endfunction()

hawser_check(layers "${CMAKE_SOURCE_DIR}/tools/check_layers")
hawser_check(lint "${CMAKE_SOURCE_DIR}/tools/lint")
hawser_check(format "${CMAKE_SOURCE_DIR}/tools/format" --check)
hawser_check(errors "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_SOURCE_DIR}/checks/errors_test.py")
foreach(tool layers lint dev tally prove)
  hawser_check(${tool}_tool "${Python3_EXECUTABLE}" "${CMAKE_SOURCE_DIR}/tests/checks/${tool}_test.py")
endforeach()
if(HAWSER_TOOLS)
  hawser_check(commands "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_SOURCE_DIR}/checks/commands_test.py"
    "$<TARGET_FILE:hawser_program>")
endif()

add_subdirectory(link)
include(consumer.cmake)
