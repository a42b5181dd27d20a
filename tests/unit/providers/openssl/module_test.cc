// What rootkeep.so is as a file: applications get it into their process with all that it needs.
#include <dlfcn.h>
#include <gmock/gmock.h>

#include <regex>
#include <set>

#include "tests/support/program.h"

namespace rootkeep {
namespace {

#ifndef ROOTKEEP_SANITIZED  // a sanitizer adds to what is needed
std::set<std::string> Matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) found.insert((*at)[1]);
  return found;
}

TEST(ProviderModule, NeedsLibcAndLibcryptoOnly) {
  const auto read = testing::RunProgram({"readelf", "--dynamic", "--wide", ROOTKEEP_PROVIDER});
  ASSERT_EQ(read.exit_code, 0) << read.err;
  for (const std::string& name : Matches(read.out, "\\(NEEDED\\)[^\\[]*\\[([^\\]]*)\\]")) {
    EXPECT_TRUE(name == "libc.so.6" || name == "libcrypto.so.3" || name.starts_with("ld-linux")) << name;
  }
  EXPECT_THAT(read.out, ::testing::HasSubstr("libcrypto.so.3"));
  EXPECT_THAT(read.out, ::testing::Not(::testing::HasSubstr("TEXTREL")));
}

TEST(ProviderModule, ExportsOneFunctionAndRunsNothingAtTheEnd) {
  const auto defined = testing::RunProgram({"nm", "--dynamic", "--defined-only", "--just-symbols", ROOTKEEP_PROVIDER});
  ASSERT_EQ(defined.exit_code, 0) << defined.err;
  EXPECT_EQ(defined.out, "OSSL_provider_init\n");
  const auto needed = testing::RunProgram({"nm", "--dynamic", "--undefined-only", "--just-symbols", ROOTKEEP_PROVIDER});
  ASSERT_EQ(needed.exit_code, 0) << needed.err;
  // Weak, and called by what the compiler adds for destructors that this has not.
  for (const char* absent : {"atexit", "__cxa_atexit", "__cxa_thread_atexit_impl", "pthread_create", "pthread_atfork",
                             "pthread_mutex_lock", "__cxa_throw", "__tls_get_addr", "__register_atfork"}) {
    EXPECT_EQ(Matches(needed.out, "(?:^|\n)(" + std::string(absent) + ")(?:@|\n)").size(), 0U) << absent;
  }
  EXPECT_THAT(needed.out, ::testing::HasSubstr("sendmsg"));
}
#endif

TEST(ProviderModule, CanBeLoadedAndUnloaded) {
  void* module = dlopen(ROOTKEEP_PROVIDER, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(module, nullptr) << dlerror();
  EXPECT_NE(dlsym(module, "OSSL_provider_init"), nullptr);
  EXPECT_EQ(dlclose(module), 0);
  EXPECT_EQ(dlopen(ROOTKEEP_PROVIDER, RTLD_NOW | RTLD_NOLOAD), nullptr);
}

}  // namespace
}  // namespace rootkeep
