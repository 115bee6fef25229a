# Finds what Sinter is built from and says which Debian package holds it.

function(sinter_need variable package what)
  if(NOT ${variable})
    message(FATAL_ERROR
      "${what} not found: install it with `apt-get install ${package}`")
  endif()
endfunction()

find_program(SINTER_CCACHE ccache)
if(SINTER_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${SINTER_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SINTER_CCACHE})
endif()

set(llvm_root /usr/lib/llvm-22 CACHE PATH "where LLVM 22 is installed")
find_package(MLIR CONFIG QUIET HINTS ${llvm_root}/lib/cmake/mlir)
sinter_need(MLIR_FOUND "libmlir-22-dev mlir-22-tools" "MLIR 22")
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "MLIR ${LLVM_VERSION_MAJOR} found, 22 is needed: "
    "install it with `apt-get install libmlir-22-dev mlir-22-tools`")
endif()
find_library(SINTER_MLIR_DYLIB MLIR HINTS ${LLVM_LIBRARY_DIRS} NO_CACHE)
find_library(SINTER_LLVM_DYLIB NAMES LLVM LLVM-22 HINTS ${LLVM_LIBRARY_DIRS}
  NO_CACHE)
sinter_need(SINTER_MLIR_DYLIB libmlir-22-dev "libMLIR.so")
sinter_need(SINTER_LLVM_DYLIB llvm-22-dev "libLLVM.so")
find_library(SINTER_LLD_ELF lldELF HINTS ${LLVM_LIBRARY_DIRS} NO_CACHE)
find_library(SINTER_LLD_COMMON lldCommon HINTS ${LLVM_LIBRARY_DIRS} NO_CACHE)
sinter_need(SINTER_LLD_ELF liblld-22-dev "the lld library")

find_library(SINTER_ZSTD zstd NO_CACHE)
sinter_need(SINTER_ZSTD libzstd-dev "zstd, which lld uses,")

find_package(ZLIB QUIET)
sinter_need(ZLIB_FOUND zlib1g-dev "zlib")
find_package(Threads REQUIRED)
find_package(nlohmann_json QUIET)
sinter_need(nlohmann_json_FOUND nlohmann-json3-dev "nlohmann-json")
if(SINTER_TESTS)
  find_package(GTest QUIET)
  sinter_need(GTest_FOUND libgtest-dev "GoogleTest")
  if(NOT TARGET GTest::gmock)
    sinter_need(gmock_FOUND libgmock-dev "GoogleMock")
  endif()
endif()

list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# Headers and the two dylibs, as one target.
add_library(sinter_mlir INTERFACE)
target_include_directories(sinter_mlir SYSTEM INTERFACE
  ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
separate_arguments(llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_options(sinter_mlir INTERFACE ${llvm_definitions})
target_link_libraries(sinter_mlir INTERFACE
  ${SINTER_MLIR_DYLIB} ${SINTER_LLVM_DYLIB})
