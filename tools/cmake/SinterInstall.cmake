# What `cmake --install` puts where, and the package that find_package(Sinter)
# reads.  The layout is that of the build folder, so the tools find the headers
# and libraries beside themselves in both.
include(CMakePackageConfigHelpers)

install(TARGETS sinterc sinter-opt sinter-run
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS sinter_frontend_shared sinter_compiler_shared
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY frontend/include/sinter
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Sinter)
configure_package_config_file(tools/cmake/SinterConfig.cmake.in
  ${PROJECT_BINARY_DIR}/SinterConfig.cmake
  INSTALL_DESTINATION ${package}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/SinterConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/SinterConfig.cmake
  ${PROJECT_BINARY_DIR}/SinterConfigVersion.cmake DESTINATION ${package})
