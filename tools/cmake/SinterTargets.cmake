# How a folder becomes a target.
#
#   sinter_library(ir SOURCES … LINK …)   a static library Sinter<Name>
#   sinter_test(name SOURCES … LINK …)    a GoogleTest program
#
# `SINTER_MAY_LINK_<name>` is the whole truth about dependencies between the
# project's own libraries; sinter_library refuses anything else.

# GCC 12's std::stable_sort uses a function that its own headers deprecate,
# which clang says at every use.
set(SINTER_WARNINGS -Wall -Wextra -Werror
  $<$<COMPILE_LANGUAGE:CXX>:-Wno-unused-parameter>
  $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-deprecated-declarations>)
if(SINTER_SANITIZE)
  add_compile_options(-fsanitize=${SINTER_SANITIZE} -fno-omit-frame-pointer -g1)
  # GCC's guess about uninitialized values is wrong in instrumented code.
  add_compile_options(-Wno-maybe-uninitialized)
  add_link_options(-fsanitize=${SINTER_SANITIZE})
endif()

set(SINTER_MAY_LINK_ir "")
set(SINTER_MAY_LINK_frontend ir)
set(SINTER_MAY_LINK_model_main frontend)
set(SINTER_MAY_LINK_interpret ir)
set(SINTER_MAY_LINK_differentiate ir)
set(SINTER_MAY_LINK_simplify ir interpret)
set(SINTER_MAY_LINK_fuse ir plan)
set(SINTER_MAY_LINK_library ir)
set(SINTER_MAY_LINK_plan ir packer)
set(SINTER_MAY_LINK_packer "")
set(SINTER_MAY_LINK_lower ir)
set(SINTER_MAY_LINK_target ir)
set(SINTER_MAY_LINK_artifact ir)
set(SINTER_MAY_LINK_inspect ir)
set(SINTER_MAY_LINK_driver ir differentiate simplify fuse library plan lower
  target   artifact inspect runtime)
set(SINTER_MAY_LINK_inprocess driver frontend)

# Precompiled MLIR headers, shared by every MLIR-heavy target.
function(sinter_precompile target)
  if(TARGET sinter_pch)
    target_precompile_headers(${target} REUSE_FROM sinter_pch)
  endif()
endfunction()

function(sinter_library name)
  cmake_parse_arguments(arg "NO_MLIR" "" "SOURCES;LINK" ${ARGN})
  foreach(dependency ${arg_LINK})
    if(NOT dependency IN_LIST SINTER_MAY_LINK_${name})
      message(FATAL_ERROR "${name} must not link ${dependency}: "
        "see tools/cmake/SinterTargets.cmake")
    endif()
  endforeach()
  add_library(sinter_${name} STATIC ${arg_SOURCES})
  target_compile_options(sinter_${name} PRIVATE ${SINTER_WARNINGS})
  target_include_directories(sinter_${name} PUBLIC
    ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  list(TRANSFORM arg_LINK PREPEND sinter_)
  target_link_libraries(sinter_${name} PUBLIC ${arg_LINK})
  if(NOT arg_NO_MLIR)
    target_link_libraries(sinter_${name} PUBLIC sinter_mlir)
    sinter_precompile(sinter_${name})
  endif()
endfunction()

function(sinter_test name)
  cmake_parse_arguments(arg "NO_MLIR" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_compile_options(${name} PRIVATE ${SINTER_WARNINGS})
  target_include_directories(${name} PRIVATE
    ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest_main)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(NOT arg_NO_MLIR)
    # -fPIC as the precompiled header was made, not a program's usual -fPIE.
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name} PRIVATE -fPIC)
    target_link_libraries(${name} PRIVATE sinter_mlir)
    sinter_precompile(${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_property(GLOBAL APPEND PROPERTY SINTER_TEST_PROGRAMS ${name})
endfunction()

# sinter_test_on(cpu test filter): those cases of a test that pass the filter
# once more, where what they compile is for that CPU (SINTER_TEST_CPU).
function(sinter_test_on cpu test filter)
  set(name ${test}-${cpu})
  set(program ${PROJECT_BINARY_DIR}/tests/${name})
  file(GENERATE OUTPUT ${program}
    CONTENT "#!/bin/sh
SINTER_TEST_CPU=${cpu} exec '$<TARGET_FILE:${test}>' --gtest_filter='${filter}' \"$@\"
"
    FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
      GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  add_test(NAME ${name} COMMAND ${program})
  set_property(GLOBAL APPEND PROPERTY SINTER_TEST_PROGRAMS ${name})
endfunction()
