# A VFS that ends everything at any write.
add_library(hawser_fault_vfs STATIC simulation/fault_vfs.cpp simulation/kept_files.cpp simulation/memory_vfs.cpp)
hawser_settings(hawser_fault_vfs)
target_include_directories(hawser_fault_vfs PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
target_link_libraries(hawser_fault_vfs PUBLIC SQLite::SQLite3)

# Whole engines in a simulated world. A short run is a test; `hawser_simulate` runs as many stories as wanted.
add_library(hawser_simulation STATIC choose_table.cpp office.cpp organization_exchange.cpp
  simulation/colleagues.cpp simulation/edges.cpp simulation/folder_image.cpp simulation/ground.cpp
  simulation/installation.cpp simulation/network.cpp simulation/oracle.cpp simulation/oracle_end.cpp simulation/oracle_waits.cpp
  simulation/meetings.cpp simulation/oracle_guests.cpp simulation/oracle_rewritten.cpp
  simulation/people.cpp simulation/quiet.cpp simulation/request_told.cpp simulation/rows.cpp simulation/script.cpp simulation/shrink.cpp
  simulation/world.cpp)
hawser_settings(hawser_simulation)
target_link_libraries(hawser_simulation PUBLIC hawser_fault_vfs hawser_engine hawser_server_core Boost::json)

set(commit_source "${CMAKE_CURRENT_BINARY_DIR}/commit.cpp")
add_custom_target(hawser_commit BYPRODUCTS "${commit_source}" COMMAND "${CMAKE_COMMAND}"
  "-DSOURCE=${CMAKE_SOURCE_DIR}" "-DOUTPUT=${commit_source}" -P "${CMAKE_CURRENT_SOURCE_DIR}/simulation/commit.cmake")
add_executable(hawser_simulate simulation/simulate.cpp "${commit_source}")
add_dependencies(hawser_simulate hawser_commit)
hawser_settings(hawser_simulate)
# Most of a story is calls into these: built in, they cost 7 % less than through a shared library.
if(NOT HAWSER_SANITIZERS)
  foreach(library jemalloc sqlite3 boost_json boost_container)
    find_library(HAWSER_BUILT_IN_${library} NAMES lib${library}.a)
    if(HAWSER_BUILT_IN_${library})
      list(APPEND HAWSER_BUILT_IN ${HAWSER_BUILT_IN_${library}})
    endif()
  endforeach()
  target_link_options(hawser_simulate PRIVATE LINKER:--as-needed)
endif()
target_link_libraries(hawser_simulate PRIVATE hawser_simulation ${HAWSER_BUILT_IN} SQLite::SQLite3)

hawser_test(simulation_stories SOURCES simulation/shrink_test.cpp simulation/simulation_test.cpp LIBRARIES hawser_simulation)
