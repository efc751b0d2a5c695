add_executable(serve_for_tests "${CMAKE_CURRENT_SOURCE_DIR}/wire/serve_main.cpp")
hawser_settings(serve_for_tests)
target_link_libraries(serve_for_tests PRIVATE hawser_server)

find_program(HAWSER_NODE node)
if(HAWSER_NODE)
  hawser_script_test(wire_dynamics_web_api "${HAWSER_NODE}" tests/wire/dynamics_web_api/client_test.mjs
    $<TARGET_FILE:serve_for_tests>)
else()
  hawser_script_test(wire_dynamics_web_api "${Python3_EXECUTABLE}" -c
    "print('skipped: Node is not here, so dynamics-web-api cannot run'); raise SystemExit(77)")
endif()

file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/wire/server/*.cpp")
hawser_test(wire_server SOURCES ${sources} LIBRARIES hawser_server Boost::headers)
