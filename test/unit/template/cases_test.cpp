// SPDX-License-Identifier: Apache-2.0
// The recorded cases of the language: every one that differs is listed with its reason, and few do.
#include "unit/template/cases.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>

namespace {

using namespace bulla;

/// Lines "ID REASON"; a line that starts with # is a comment.
std::map<std::string, std::string> known_differences() {
  std::ifstream file(BULLA_TEST_DATA "/gotemplate/known-differences.txt");
  std::map<std::string, std::string> out;
  for (std::string line; std::getline(file, line);) {
    const auto space = line.find(' ');
    if (line.empty() || line[0] == '#' || space == std::string::npos) continue;
    out[line.substr(0, space)] = line.substr(space + 1);
  }
  return out;
}

struct Count {
  int same = 0;
  int all = 0;
  void add(bool good) {
    same += good ? 1 : 0;
    ++all;
  }
};

struct Counts {
  std::map<int, Count> tiers;
  std::map<std::string, Count> groups;
  Count messages;  ///< error texts that are the reference's, letter for letter
};

void print(const Counts& counts) {
  for (const auto& [group, count] : counts.groups)
    std::printf("%-24s %4d of %4d\n", group.c_str(), count.same, count.all);
  for (const auto& [tier, count] : counts.tiers)
    std::printf("tier %d: %d of %d\n", tier, count.same, count.all);
  std::printf("error texts equal: %d of %d\n", counts.messages.same, counts.messages.all);
}

/// With BULLA_SHOW_DIFFERENCES=1: what to look into, messages included.
void show(const test::TemplateCase& wanted, const test::TemplateOutcome& got) {
  static const bool wanted_by_user = std::getenv("BULLA_SHOW_DIFFERENCES") != nullptr;
  if (!wanted_by_user || (test::agrees(wanted, got) && got.error == wanted.error)) return;
  std::printf("%s %s\n  program: %s\n  wanted:  %s\n  got:     %s\n",
              test::agrees(wanted, got) ? "message" : "DIFFERS", wanted.id.c_str(),
              wanted.program.c_str(), wanted.output.value_or(wanted.error).c_str(),
              got.output.value_or(got.error).c_str());
}

TEST_CASE("programs do what the reference does") {
  const auto differences = known_differences();
  Counts counts;
  std::set<std::string> differ;
  for (const auto& wanted : test::load_template_cases()) {
    const auto got = test::run_template_case(wanted);
    const bool same = test::agrees(wanted, got);
    counts.tiers[wanted.tier].add(same);
    counts.groups[wanted.group].add(same);
    if (!wanted.output && wanted.error_class != "go-runtime")
      counts.messages.add(got.error == wanted.error);
    if (!same) differ.insert(wanted.id);
    show(wanted, got);
    CAPTURE(wanted.id);
    CHECK_MESSAGE((same || differences.contains(wanted.id)), "differs, and isn't listed");
  }
  print(counts);
  for (const auto& [id, reason] : differences)
    CHECK_MESSAGE(differ.contains(id), id << " is listed and doesn't differ");
  CHECK(counts.tiers[1].same == counts.tiers[1].all);
  CHECK(counts.tiers[2].same * 100 >= counts.tiers[2].all * 99);
  CHECK(counts.tiers[3].same * 100 >= counts.tiers[3].all * 97);
}

}  // namespace
