# What `cmake --install` puts where: the shared library with its headers and package, the program
# with its shell completions, and the documents.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS hawser EXPORT hawserTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT library NAMELINK_COMPONENT development)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/hawser" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  COMPONENT development FILES_MATCHING PATTERN "*.h")

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/hawser")
install(EXPORT hawserTargets NAMESPACE hawser:: DESTINATION "${package_dir}" COMPONENT development
  FILE hawserTargets.cmake)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/hawserConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/hawserConfig.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/hawserConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/hawserConfig.cmake" "${PROJECT_BINARY_DIR}/hawserConfigVersion.cmake"
  DESTINATION "${package_dir}" COMPONENT development)

file(GLOB documents CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/*.md" "${PROJECT_SOURCE_DIR}/docs/*.md")
install(FILES ${documents} "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}"
  COMPONENT documents)

if(HAWSER_TOOLS)
  install(TARGETS hawser_program RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT program)
  # The program writes its own completions, so they cannot fall behind it.
  install(CODE "
    foreach(shell bash zsh fish)
      set(file_bash \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/bash-completion/completions/hawser\")
      set(file_zsh \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/site-functions/_hawser\")
      set(file_fish \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d/hawser.fish\")
      execute_process(COMMAND \"$<TARGET_FILE:hawser_program>\" completion \${shell}
        OUTPUT_VARIABLE completions COMMAND_ERROR_IS_FATAL ANY)
      file(WRITE \"\$ENV{DESTDIR}\${file_\${shell}}\" \"\${completions}\")
      message(STATUS \"Installed: \${file_\${shell}}\")
    endforeach()" COMPONENT program)
endif()
