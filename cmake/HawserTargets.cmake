# One library a folder: hawser_library(NAME SOURCES… PUBLIC libraries… PRIVATE libraries…).
# Third-party libraries go under PRIVATE, so that their headers stay in the folder that wraps them.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()

function(hawser_settings target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual)
  # g++ 12 takes the unused alternatives of a std::variant for uninitialized once they are inlined.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  if(HAWSER_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(HAWSER_SANITIZERS)
    target_compile_options(${target} PUBLIC -fsanitize=${HAWSER_SANITIZERS} -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${HAWSER_SANITIZERS})
    if(HAWSER_SANITIZERS MATCHES "undefined")
      # A null access ends by a signal all the same, and nothing here casts bytes to wider types; to
      # check both at each access costs a third of the time to compile.
      target_compile_options(${target} PUBLIC -fno-sanitize=null,alignment)
    endif()
  endif()
endfunction()

function(hawser_library target)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${target} STATIC ${ARG_SOURCES})
  hawser_settings(${target})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
  target_link_libraries(${target} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# An executable of Catch2 cases, discovered as one ctest entry a case.
function(hawser_test target)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  hawser_settings(${target})
  target_link_libraries(${target} PRIVATE hawser_catch_main ${ARG_LIBRARIES})
  add_test(NAME ${target} COMMAND ${target})
endfunction()
