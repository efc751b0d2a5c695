if(HAWSER_BENCHMARKS)
  add_executable(hawser_bench bench/bench.cpp bench/measure.cpp bench/traced_exchange.cpp)
  hawser_settings(hawser_bench)
  target_link_libraries(hawser_bench PRIVATE hawser_engine hawser_http Boost::json)

  # The floor: what curl, a JSON parser and bare SQLite need for the same work. Nothing of Hawser.
  add_executable(hawser_floor bench/floor.cpp)
  target_compile_features(hawser_floor PRIVATE cxx_std_20)
  target_link_libraries(hawser_floor PRIVATE CURL::libcurl Boost::json SQLite::SQLite3)
endif()
