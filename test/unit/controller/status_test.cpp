// SPDX-License-Identifier: Apache-2.0
#include "controller/status.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "base/limits.hpp"
#include "json_text.hpp"

namespace bulla::test {

namespace {

const WallTime noon = parse_rfc3339("2026-01-02T12:00:00Z").value();

const Outcome good{true, outcome_reason::unsealed, "", {}};
const Outcome bad{false, outcome_reason::unseal_failed, "no key could decrypt secret (foo)", {}};

boost::json::value status_of(const Outcome& outcome, std::int64_t generation, const char* at) {
  return next_status(nullptr, outcome, generation, parse_rfc3339(at).value()).value();
}

}  // namespace

TEST_CASE("a first status has Synced, then Ready") {
  const auto next = next_status(nullptr, bad, 3, noon);
  REQUIRE(next.has_value());
  CHECK(*next == json_of("{'conditions':["
                         "{'lastTransitionTime':'2026-01-02T12:00:00Z',"
                         "'lastUpdateTime':'2026-01-02T12:00:00Z',"
                         "'message':'no key could decrypt secret (foo)','reason':'UnsealFailed',"
                         "'status':'False','type':'Synced'},"
                         "{'lastTransitionTime':'2026-01-02T12:00:00Z',"
                         "'lastUpdateTime':'2026-01-02T12:00:00Z',"
                         "'message':'no key could decrypt secret (foo)','reason':'UnsealFailed',"
                         "'status':'False','type':'Ready'}],'observedGeneration':3}"));
  CHECK(next->at("conditions").at(0).at("type") == "Synced");
}

TEST_CASE("a status is written when it says something new") {
  struct Case {
    const char* name;
    Outcome before;
    std::int64_t generation_before;
    Outcome after;
    std::int64_t generation_after;
    bool written;
    bool flips;
  };
  const Outcome worse{
      false, outcome_reason::update_failed, "no key could decrypt secret (foo)", {}};
  const Outcome other{
      false, outcome_reason::unseal_failed, "no key could decrypt secret (bar)", {}};
  const Case cases[] = {
      {"still good", good, 1, good, 1, false, false},
      {"still bad, for the same reason", bad, 1, bad, 1, false, false},
      {"another generation", good, 1, good, 2, true, false},
      {"good, then bad", good, 1, bad, 1, true, true},
      {"bad, then good", bad, 1, good, 2, true, true},
      {"the reason changes", bad, 1, worse, 1, true, false},
      {"the message changes", bad, 1, other, 1, true, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto old = status_of(c.before, c.generation_before, "2026-01-01T00:00:00Z");
    const auto next = next_status(&old, c.after, c.generation_after, noon);
    REQUIRE(next.has_value() == c.written);
    if (!next) continue;
    for (const auto& condition : next->at("conditions").as_array()) {
      CHECK(condition.at("lastUpdateTime") == "2026-01-02T12:00:00Z");
      CHECK(condition.at("lastTransitionTime") ==
            (c.flips ? "2026-01-02T12:00:00Z" : "2026-01-01T00:00:00Z"));
    }
    CHECK(next->at("observedGeneration") == c.generation_after);
  }
}

TEST_CASE("what was right is recorded, and read back as long as it speaks of the object") {
  Outcome outcome = good;
  outcome.record = SyncRecord{"su", "7", {"SHA256:k"}, Scope::namespace_wide};
  const auto status = next_status(nullptr, outcome, 3, noon);
  REQUIRE(status.has_value());
  CHECK(status->at("secret") == json_of("{'uid':'su','resourceVersion':'7'}"));
  CHECK(status->at("sealingKeys") == json_of("['SHA256:k']"));
  CHECK(status->at("scope") == "namespace-wide");

  auto object = json_of(
      "{'metadata':{'generation':3,"
      "'annotations':{'sealedsecrets.bitnami.com/namespace-wide':'true'}}}");
  object.as_object()["status"] = *status;
  CHECK(record_in(object) == outcome.record);
  CHECK(keys_in_status(object) == outcome.record->keys);

  struct Case {
    const char* name;
    std::function<void(boost::json::object&)> change;
  };
  const auto metadata = [](auto& o) -> boost::json::object& { return o["metadata"].as_object(); };
  const auto in_status = [](auto& o) -> boost::json::object& { return o["status"].as_object(); };
  const Case cases[] = {
      {"another generation", [&](auto& o) { metadata(o)["generation"] = 4; }},
      {"another scope", [&](auto& o) { metadata(o).erase("annotations"); }},
      {"it is going", [&](auto& o) { metadata(o)["deletionTimestamp"] = "x"; }},
      {"no scope", [&](auto& o) { in_status(o).erase("scope"); }},
      {"no Secret", [&](auto& o) { in_status(o).erase("secret"); }},
      {"not synced",
       [&](auto& o) { in_status(o)["conditions"].as_array()[0].as_object()["status"] = "False"; }},
      {"not ready",
       [&](auto& o) { in_status(o)["conditions"].as_array()[1].as_object()["status"] = "False"; }},
      {"no status", [&](auto& o) { o.erase("status"); }},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    auto changed = object;
    c.change(changed.as_object());
    CHECK_FALSE(record_in(changed).has_value());
  }
}

TEST_CASE("a Secret that is not ours is not recorded, and what was recorded goes") {
  Outcome outcome = good;
  outcome.record = SyncRecord{"", "", {"SHA256:k"}, Scope::strict};
  const auto old = json_of("{'status':{'secret':{'uid':'su','resourceVersion':'7'}}}");
  const auto status = next_status(&old.at("status"), outcome, 3, noon);
  REQUIRE(status.has_value());
  CHECK_FALSE(status->as_object().contains("secret"));
  CHECK(status->at("sealingKeys") == json_of("['SHA256:k']"));
}

TEST_CASE("a record that changes alone moves no time, and one that is the same is no news") {
  Outcome outcome = good;
  outcome.record = SyncRecord{"su", "7", {"SHA256:k"}, Scope::strict};
  const auto old = status_of(outcome, 1, "2026-01-01T00:00:00Z");
  CHECK_FALSE(next_status(&old, outcome, 1, noon).has_value());
  outcome.record->secret_version = "8";
  const auto next = next_status(&old, outcome, 1, noon);
  REQUIRE(next.has_value());
  CHECK(next->at("conditions") == old.at("conditions"));
  CHECK(next->at("secret").at("resourceVersion") == "8");
}

TEST_CASE("a failure forgets the record, but not the keys that the same spec needed") {
  Outcome outcome = good;
  outcome.record = SyncRecord{"su", "7", {"SHA256:k"}, Scope::strict};
  const auto old = status_of(outcome, 1, "2026-01-01T00:00:00Z");
  const auto failed = next_status(&old, bad, 1, noon);
  REQUIRE(failed.has_value());
  CHECK_FALSE(failed->as_object().contains("secret"));
  CHECK(failed->at("sealingKeys") == json_of("['SHA256:k']"));
  CHECK_FALSE(next_status(&old, bad, 2, noon)->as_object().contains("sealingKeys"));
}

TEST_CASE("a status of the reference gains reason and Ready, and keeps its transition time") {
  const auto old = json_of(
      "{'conditions':[{'lastTransitionTime':'2025-01-01T00:00:00Z',"
      "'lastUpdateTime':'2025-01-01T00:00:00Z','status':'True','type':'Synced'}],"
      "'observedGeneration':1}");
  const auto next = next_status(&old, good, 1, noon);
  REQUIRE(next.has_value());
  const auto& synced = next->at("conditions").at(0);
  CHECK(synced.at("lastTransitionTime") == "2025-01-01T00:00:00Z");
  CHECK(synced.at("reason") == "Unsealed");
  CHECK_FALSE(synced.as_object().contains("message"));
  CHECK(next->at("conditions").at(1).at("type") == "Ready");
}

TEST_CASE("conditions and fields of others stay") {
  const auto old = json_of(
      "{'conditions':[{'type':'Theirs','status':'True'},{'type':'Synced','status':'False'}],"
      "'extra':{'x':1},'observedGeneration':1}");
  const auto next = next_status(&old, good, 1, noon);
  REQUIRE(next.has_value());
  const auto& conditions = next->at("conditions").as_array();
  REQUIRE(conditions.size() == 3);
  CHECK(conditions[0].at("type") == "Synced");
  CHECK(conditions[2].at("type") == "Theirs");
  CHECK(next->at("extra").at("x") == 1);
}

TEST_CASE("a status that is no status is replaced") {
  for (const char* odd : {"null", "7", "[]", "{'conditions':7}", "{'conditions':[null,'x']}",
                          "{'conditions':[{'type':7}],'observedGeneration':'1'}"}) {
    CAPTURE(odd);
    const auto old = json_of(odd);
    const auto next = next_status(&old, good, 1, noon);
    REQUIRE(next.has_value());
    CHECK(next->at("conditions").at(0).at("status") == "True");
  }
}

TEST_CASE("a message can't steer the terminal that it is shown on") {
  const Outcome hostile{
      false, outcome_reason::unseal_failed, "first\nsecond \x1b[2J\xC2\x9B\xFF", {}};
  const auto next = next_status(nullptr, hostile, 3, noon);
  REQUIRE(next.has_value());
  CHECK(next->at("conditions").at(0).at("message") == "first\nsecond \\x1b[2J\\u009b\\xff");
  CHECK(!next_status(&*next, hostile, 3, noon).has_value());
}

TEST_CASE("a long message is cut between two characters") {
  Outcome outcome = bad;
  outcome.message = std::string(limits::status_message_bytes_max - 1, 'x') + "é";
  const auto next = next_status(nullptr, outcome, 1, noon);
  REQUIRE(next.has_value());
  const auto& message = next->at("conditions").at(0).at("message").as_string();
  CHECK(message.size() == limits::status_message_bytes_max - 1);
  // Saying the same again is still no news.
  CHECK_FALSE(next_status(&*next, outcome, 1, noon).has_value());
}

TEST_CASE("who else writes a status is told from what the API server notes") {
  const auto noted_by = [](std::string_view entries) {
    return json_of("{'metadata':{'managedFields':[" + std::string(entries) + "]}}");
  };
  const auto entry = [](std::string_view manager, std::string_view time,
                        std::string_view part = "status") {
    return "{'manager':'" + std::string(manager) + "','time':'" + std::string(time) +
           "','subresource':'" + std::string(part) + "'}";
  };
  const auto own = status_writer("n1");
  const auto early = entry("early", "2026-01-01T00:00:00Z");
  const auto late = entry("late", "2026-01-01T00:00:05Z");
  CHECK(own == "sealed-secrets-controller.n1");
  CHECK(other_status_writer(noted_by(late + "," + early), own) == "late");
  CHECK(other_status_writer(noted_by(early + "," + entry(own, "2026-01-01T00:00:09Z")), own) ==
        "early");
  CHECK(other_status_writer(noted_by(entry("kubectl", "2026-01-01T00:00:09Z", "")), own).empty());
  CHECK(other_status_writer(noted_by(""), own).empty());
  CHECK(other_status_writer(json_of("{'metadata':{'managedFields':7}}"), own).empty());
}

TEST_CASE("who else wrote an object is told, if that was since we did") {
  const auto noted_by = [](std::string_view entries) {
    return json_of("{'metadata':{'managedFields':[" + std::string(entries) + "]}}");
  };
  const auto ours = "{'manager':'us','time':'2026-01-01T00:00:05Z'}";
  const auto edited = ",{'manager':'kubectl-edit','time':'2026-01-01T00:00:05Z'}";
  const auto before = ",{'manager':'kubectl-create','time':'2026-01-01T00:00:04Z'}";
  const auto status = ",{'manager':'other','time':'2026-01-01T00:00:09Z','subresource':'status'}";
  CHECK(other_writer(noted_by(ours + std::string(edited) + before), "us") == "kubectl-edit");
  CHECK(other_writer(noted_by(ours + std::string(before)), "us").empty());
  CHECK(other_writer(noted_by(ours + std::string(status)), "us").empty());
  CHECK(other_writer(noted_by(""), "us").empty());
}

}  // namespace bulla::test
