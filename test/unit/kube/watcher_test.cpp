// SPDX-License-Identifier: Apache-2.0
#include "kube/watcher.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "kube/object.hpp"

namespace bulla::kube {
namespace {

boost::json::value object(const std::string& name, const std::string& version) {
  return {{"metadata", {{"name", name}, {"resourceVersion", version}}}};
}

boost::json::value status(int code) { return {{"kind", "Status"}, {"code", code}}; }

Watcher listed() {
  Watcher watcher;
  (void)watcher.start();
  (void)watcher.page_arrived({{object("a", "1")}, "", "10"});
  return watcher;
}

Watcher watching() {
  auto watcher = listed();
  (void)watcher.watch_started();
  return watcher;
}

Error failure(Errc code) { return {code, "because"}; }

/// A step in a few letters: events (i a d + -), then the action and where, "!" for an error.
std::string told(const Watcher::Step& step) {
  std::string out;
  for (const auto& event : step.events) out += "iad+-"[static_cast<int>(event.kind)];
  out += out.empty() ? "" : " ";
  if (step.after_backoff) out += "wait ";
  if (step.action == Watcher::Action::list) out += "list:" + step.continue_token;
  if (step.action == Watcher::Action::watch) out += "watch:" + step.resource_version;
  if (step.action == Watcher::Action::next_event) out += "read";
  return out + std::string(step.errors.size(), '!');
}

}  // namespace

TEST_CASE("the watcher does what its table says") {
  using Input = std::function<Watcher::Step(Watcher&)>;
  struct Case {
    const char* name;
    std::function<Watcher()> state;
    Input input;
    const char* expected;
  };
  const auto fresh = [] { return Watcher(); };
  const auto refused = [](Errc code) -> Input {
    return [code](Watcher& w) { return w.watch_refused(failure(code)); };
  };
  const auto unlisted = [](Errc code) -> Input {
    return [code](Watcher& w) { return w.list_failed(failure(code)); };
  };
  const auto event = [](const char* type, boost::json::value o) -> Input {
    return [type, o](Watcher& w) { return w.event_arrived({type, o}); };
  };
  const Case cases[] = {
      {"start lists", fresh, [](Watcher& w) { return w.start(); }, "list:"},
      {"a page with more to come", fresh,
       [](Watcher& w) {
         return w.page_arrived({{object("a", "1")}, "next", "10"});
       },
       "ia list:next"},
      {"the last page", fresh,
       [](Watcher& w) {
         return w.page_arrived({{object("a", "1")}, "", "10"});
       },
       "iad watch:10"},
      {"a list without version", fresh, [](Watcher& w) { return w.page_arrived({}); },
       "wait list:!"},
      {"a nameless object among good ones", fresh,
       [](Watcher& w) {
         return w.page_arrived({{1, object("a", "1")}, "", "10"});
       },
       "iad watch:10!"},
      {"list: 410", fresh, unlisted(Errc::gone), "list:"},
      {"list: another failure", fresh, unlisted(Errc::not_found), "wait list:!"},
      {"watch accepted", listed, [](Watcher& w) { return w.watch_started(); }, "read"},
      {"watch: 410", listed, refused(Errc::gone), "list:"},
      {"watch: not now", listed, refused(Errc::unavailable), "wait watch:10!"},
      {"watch: any other status", listed, refused(Errc::rejected), "wait list:!"},
      {"ADDED", watching, event("ADDED", object("b", "11")), "+ read"},
      {"MODIFIED", watching, event("MODIFIED", object("b", "11")), "+ read"},
      {"DELETED", watching, event("DELETED", object("b", "11")), "- read"},
      {"BOOKMARK", watching, event("BOOKMARK", object("", "12")), "read"},
      {"an unknown type", watching, event("NEW", object("b", "11")), "read!"},
      {"a nameless object", watching, event("ADDED", 1), "read!"},
      {"ERROR 410", watching, event("ERROR", status(410)), "list:"},
      {"ERROR 429", watching, event("ERROR", status(429)), "wait watch:10!"},
      {"ERROR 500", watching, event("ERROR", status(500)), "wait watch:10!"},
      {"ERROR, other", watching, event("ERROR", status(400)), "wait list:!"},
      {"end", watching, [](Watcher& w) { return w.watch_ended(false); }, "watch:10"},
      {"an early end", watching, [](Watcher& w) { return w.watch_ended(true); }, "wait watch:10"},
      {"a line that is no event", watching,
       [](Watcher& w) { return w.event_unreadable(failure(Errc::invalid_input)); }, "wait list:!"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    auto watcher = c.state();
    CHECK(told(c.input(watcher)) == c.expected);
  }
}

TEST_CASE("a watch resumes from the last version it saw, in whatever event") {
  for (const char* type : {"ADDED", "DELETED", "BOOKMARK"}) {
    CAPTURE(type);
    auto watcher = watching();
    (void)watcher.event_arrived({type, object("b", "77")});
    CHECK(told(watcher.watch_ended(true)) == "watch:77");
  }
}

TEST_CASE("ten refusals in a row lead back to the list") {
  auto watcher = listed();
  for (int i = 1; i < 10; ++i) {
    CHECK(told(watcher.watch_refused(failure(Errc::unavailable))) == "wait watch:10!");
  }
  CHECK(told(watcher.watch_refused(failure(Errc::unavailable))) == "wait list:!");
}

TEST_CASE("a second 410 in a row waits") {
  Watcher watcher;
  CHECK(told(watcher.list_failed(failure(Errc::gone))) == "list:");
  CHECK(told(watcher.list_failed(failure(Errc::gone))) == "wait list:");
}

TEST_CASE("a list that starts over begins with init again") {
  Watcher watcher;
  (void)watcher.start();
  (void)watcher.page_arrived({{object("a", "1")}, "next", "10"});
  (void)watcher.list_failed(failure(Errc::gone));
  CHECK(told(watcher.page_arrived({{object("b", "2")}, "", "11"})) == "iad watch:11");
}

}  // namespace bulla::kube
