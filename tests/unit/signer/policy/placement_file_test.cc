#include "signer/policy/placement_file.h"

#include <sys/stat.h>

#include "keystore/base/clock.h"
#include "keystore/base/file.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep {
namespace {

using std::chrono::milliseconds;
using testing::HasCode;
using testing::IsOk;
using testing::Says;

const SpiffeId kHttpbin{"cluster.local", "default", "httpbin"};
constexpr NodeRef kNode{"Kubernetes", "worker-1"};
constexpr std::string_view kLine = "Kubernetes worker-1 spiffe://cluster.local/ns/default/sa/httpbin\n";
constexpr milliseconds kNever = std::chrono::hours(24);

TEST(ParsePlacementTest, FieldsCommentsAndBlankLines) {
  ASSERT_OK_AND_ASSIGN(const PlacementEntries entries,
                       ParsePlacement("# who runs where\n\n  \t\n"
                                      "Kubernetes\tworker-1   spiffe://cluster.local/ns/default/sa/httpbin \r\n"
                                      "remote worker-1 spiffe://cluster.local/ns/default/sa/httpbin\n"));
  EXPECT_THAT(entries,
              ::testing::UnorderedElementsAre("Kubernetes worker-1 spiffe://cluster.local/ns/default/sa/httpbin",
                                              "remote worker-1 spiffe://cluster.local/ns/default/sa/httpbin"));
  EXPECT_THAT(ParsePlacement(""), IsOk());
}

TEST(ParsePlacementTest, RefusesWithTheLine) {
  const std::string good(kLine);
  EXPECT_THAT(ParsePlacement(good + "Kubernetes worker-1\n"), Says("line 2"));
  EXPECT_THAT(ParsePlacement(good + good + "Kubernetes worker-1 httpbin\n"), Says("line 3"));
  EXPECT_THAT(ParsePlacement("a b spiffe://cluster.local/ns/default/sa/httpbin d\n"), Says("three fields"));
  EXPECT_THAT(ParsePlacement("Kubernetes worker-1 spiffe://cluster.local/ns/default/sa/http"), Says("line break"))
      << "a file cut short would grant another identity";
}

TEST(PlacementFileTest, AnswersByClusterNodeAndIdentity) {
  const testing::TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "placement", kLine, 0644), IsOk());
  const auto file = PlacementFile::Open(dir / "placement", kNever);
  EXPECT_THAT(file->LastLoad(), IsOk());
  EXPECT_EQ(file->size(), 1U);
  EXPECT_TRUE(file->RunsOn(kHttpbin, kNode).value());
  EXPECT_FALSE(file->RunsOn(kHttpbin, {"Kubernetes", "worker-2"}).value());
  EXPECT_FALSE(file->RunsOn(kHttpbin, {"remote", "worker-1"}).value());
  EXPECT_FALSE(file->RunsOn({"cluster.local", "default", "http"}, kNode).value());
  EXPECT_FALSE(file->RunsOn(kHttpbin, {"", ""}).value());
}

TEST(PlacementFileTest, AbsentFileIsAStateNotAFailure) {
  const testing::TempDir dir;
  const auto file = PlacementFile::Open(dir / "placement", kNever);
  EXPECT_THAT(file->LastLoad(), HasCode(Code::kNotFound));
  EXPECT_THAT(file->RunsOn(kHttpbin, kNode), HasCode(Code::kUnavailable));
  ASSERT_THAT(WriteFileAtomically(dir / "placement", kLine, 0644), IsOk());
  ASSERT_THAT(file->Reload(), IsOk());
  EXPECT_TRUE(file->RunsOn(kHttpbin, kNode).value());
}

TEST(PlacementFileTest, BadFileLeavesTheOldOneInForce) {
  const testing::TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "placement", kLine, 0644), IsOk());
  const auto file = PlacementFile::Open(dir / "placement", kNever);
  ASSERT_THAT(WriteFileAtomically(dir / "placement", "nonsense\n", 0644), IsOk());
  EXPECT_THAT(file->Reload(), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(file->LastLoad(), HasCode(Code::kInvalidArgument));
  EXPECT_TRUE(file->RunsOn(kHttpbin, kNode).value());
}

TEST(PlacementFileTest, RefusesAFileThatOthersCanWrite) {
  const testing::TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "placement", kLine, 0646), IsOk());
  const auto file = PlacementFile::Open(dir / "placement", kNever);
  EXPECT_THAT(file->LastLoad(), HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(file->RunsOn(kHttpbin, kNode), HasCode(Code::kUnavailable));
}

TEST(PlacementFileTest, NoticesAChangeByItself) {
  const testing::TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "placement", kLine, 0644), IsOk());
  const auto file = PlacementFile::Open(dir / "placement", milliseconds(1));
  ASSERT_TRUE(file->RunsOn(kHttpbin, kNode).value());
  ASSERT_THAT(WriteFileAtomically(dir / "placement", "# nothing runs\n", 0644), IsOk());
  const Deadline deadline = After(std::chrono::seconds(30));
  while (file->RunsOn(kHttpbin, kNode).value() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_FALSE(file->RunsOn(kHttpbin, kNode).value());
}

}  // namespace
}  // namespace rootkeep
