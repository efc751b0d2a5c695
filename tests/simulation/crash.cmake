# Crashes at every write, and the VFS that makes them.
add_library(hawser_fault_vfs STATIC simulation/fault_vfs.cpp simulation/kept_files.cpp)
hawser_settings(hawser_fault_vfs)
target_include_directories(hawser_fault_vfs PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
target_link_libraries(hawser_fault_vfs PUBLIC SQLite::SQLite3)
hawser_test(simulation_vfs SOURCES simulation/fault_vfs_test.cpp LIBRARIES hawser_fault_vfs)

# A share of the days that can be interrupted; all of them with HAWSER_CRASH_EVERY=1.
hawser_test(simulation_crash
  SOURCES simulation/crash_day_test.cpp simulation/crash_days.cpp simulation/crash_day.cpp
    simulation/program.cpp engine_world.cpp office.cpp organization_exchange.cpp
  LIBRARIES hawser_fault_vfs hawser_engine hawser_server_core Boost::json)
