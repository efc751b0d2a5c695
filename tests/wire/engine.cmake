# One cycle in a process of its own, to be killed by the tests.
add_executable(engine_for_tests "${CMAKE_CURRENT_SOURCE_DIR}/wire/engine_main.cpp")
hawser_settings(engine_for_tests)
target_link_libraries(engine_for_tests PRIVATE hawser_engine)

file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/wire/engine/*.cpp")
hawser_test(wire_engine SOURCES ${sources} LIBRARIES hawser_engine hawser_server Boost::json)
target_compile_definitions(wire_engine PRIVATE ENGINE_FOR_TESTS="$<TARGET_FILE:engine_for_tests>")
add_dependencies(wire_engine engine_for_tests)
