# Crashes at every write, and the VFS that makes them.
add_library(hawser_fault_vfs STATIC simulation/fault_vfs.cpp simulation/kept_files.cpp)
hawser_settings(hawser_fault_vfs)
target_include_directories(hawser_fault_vfs PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
target_link_libraries(hawser_fault_vfs PUBLIC SQLite::SQLite3)

hawser_test(simulation_vfs SOURCES simulation/fault_vfs_test.cpp LIBRARIES hawser_fault_vfs)
