# The readers of foreign bytes, as one library: replayed by every build, driven by libFuzzer in the preset fuzz.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
list(FILTER fuzz_sources EXCLUDE REGEX "/(fuzzer|replay)\\.cpp$")
add_library(hawser_fuzz_targets STATIC ${fuzz_sources})
hawser_settings(hawser_fuzz_targets)
target_include_directories(hawser_fuzz_targets PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
target_link_libraries(hawser_fuzz_targets PUBLIC hawser_dataverse hawser_odata hawser_conflict hawser_localstore
  Boost::json)
