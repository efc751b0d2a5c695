add_executable(serve_for_tests "${CMAKE_CURRENT_SOURCE_DIR}/wire/serve_main.cpp")
hawser_settings(serve_for_tests)
target_link_libraries(serve_for_tests PRIVATE hawser_server)
