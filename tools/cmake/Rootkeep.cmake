# Compiler settings and the helper functions every folder's CMakeLists.txt is written in.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

find_program(ROOTKEEP_CCACHE ccache)
if(ROOTKEEP_CCACHE)
  # base_dir and a hash without the working directory let checkouts in different places share results.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
               CCACHE_SLOPPINESS=pch_defines,time_macros ${ROOTKEEP_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(SQLite3 REQUIRED)
pkg_check_modules(P11KIT REQUIRED IMPORTED_TARGET p11-kit-1)
pkg_check_modules(TSS2 REQUIRED IMPORTED_TARGET tss2-esys tss2-tctildr tss2-mu tss2-rc)

add_library(rk_flags INTERFACE)
target_include_directories(rk_flags INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}")
target_compile_options(rk_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -fno-strict-aliasing
  -Wno-missing-field-initializers # designated initialisers leave the rest at their defaults on purpose
  -fstack-protector-strong -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.
  $<$<BOOL:${ROOTKEEP_WERROR}>:-Werror>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=2>)
target_link_options(rk_flags INTERFACE -Wl,-z,relro,-z,now)
if(ROOTKEEP_SANITIZE)
  add_compile_options(-fsanitize=${ROOTKEEP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ROOTKEEP_SANITIZE})
endif()
if(ROOTKEEP_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

# rk_library(NAME SRCS a.cc ... DEPS target ... [PRIVATE_DEPS target ...]): one static library for one folder.
# DEPS are what its headers show; PRIVATE_DEPS only its sources use, so nobody includes them through it.
function(rk_library name)
  cmake_parse_arguments(arg "" "" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${arg_SRCS})
  target_link_libraries(${name} PUBLIC rk_flags ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
endfunction()

# rk_use_jemalloc(PROGRAM): for programs that allocate and free many small blocks on several threads. Sanitizers bring an
# allocator of their own.
function(rk_use_jemalloc program)
  find_library(ROOTKEEP_JEMALLOC jemalloc REQUIRED)
  if(NOT ROOTKEEP_SANITIZE)
    target_link_libraries(${program} PRIVATE ${ROOTKEEP_JEMALLOC})
  endif()
endfunction()

# rk_test(NAME SRCS a_test.cc ... DEPS target ... [TIMEOUT s] [LABELS l ...]): a GoogleTest program; every case is a
# ctest of its own unless SERIAL_PROGRAM is given, which runs the program as one (expensive shared fixtures). ALONE: no
# other test runs at the same time, for those that judge how long something takes under load.
function(rk_test name)
  cmake_parse_arguments(arg "SERIAL_PROGRAM;ALONE" "TIMEOUT" "SRCS;DEPS;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SRCS})
  target_link_libraries(${name} PRIVATE rk_flags ${arg_DEPS} GTest::gmock GTest::gtest_main)
  if(arg_SERIAL_PROGRAM)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
  else()
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
      PROPERTIES TIMEOUT ${arg_TIMEOUT} RUN_SERIAL ${arg_ALONE} LABELS "${arg_LABELS}")
  endif()
endfunction()
