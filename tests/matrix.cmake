# The fault matrix and the storms: whole engines through outages of one kind, and very many of them at once.
# Short runs are tests; `hawser_matrix` and `hawser_storm` take all of it.
add_library(hawser_outages STATIC simulation/cell.cpp simulation/cell_script.cpp simulation/outage.cpp
  simulation/process_use.cpp simulation/storm.cpp simulation/storm_server.cpp simulation/struck_network.cpp)
hawser_settings(hawser_outages)
target_link_libraries(hawser_outages PUBLIC hawser_simulation)

foreach(program matrix storm)
  add_executable(hawser_${program} simulation/${program}_program.cpp)
  hawser_settings(hawser_${program})
  target_link_libraries(hawser_${program} PRIVATE hawser_outages)
endforeach()

hawser_test(simulation_matrix SOURCES simulation/matrix_test.cpp LIBRARIES hawser_outages)
hawser_test(simulation_storm SOURCES simulation/storm_test.cpp LIBRARIES hawser_outages)
