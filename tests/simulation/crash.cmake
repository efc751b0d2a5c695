# Crashes at every write.
hawser_test(simulation_vfs SOURCES simulation/fault_vfs_test.cpp LIBRARIES hawser_fault_vfs)

# A share of the days that can be interrupted; all of them with HAWSER_CRASH_EVERY=1.
hawser_test(simulation_crash
  SOURCES simulation/crash_day_test.cpp simulation/crash_days.cpp simulation/crash_day.cpp
    simulation/program.cpp choose_table.cpp engine_world.cpp office.cpp organization_exchange.cpp
  LIBRARIES hawser_fault_vfs hawser_engine hawser_server_core Boost::json)
