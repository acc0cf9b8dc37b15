// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "test_client.hpp"
#include "test_objects.hpp"

namespace bulla::test {

namespace {

std::string watch_from(const ApiServer& server, const std::string& more = "") {
  return std::string(secrets_path) + "?watch=true&resourceVersion=" + server.resource_version() +
         more;
}

// "ADDED a", "ERROR 410"; empty at the end of the stream.
std::string told(WatchReader& watch) {
  const Json event = watch.next();
  const auto name = text_at(event, "object.metadata.name");
  const Json* code = find(event, "object.code");
  if (code) return text_at(event, "type") + " " + boost::json::serialize(*code);
  return text_at(event, "type") + (name.empty() ? "" : " " + name);
}

}  // namespace

TEST_CASE("a watch tells every change after its version, in order") {
  ApiServer server;
  const auto path = watch_from(server);
  server.put(secret("a"));
  WatchReader watch(server, path);
  CHECK(watch.code() == 200);
  CHECK(told(watch) == "ADDED a");
  auto changed = *server.get("secrets", "default", "a");
  changed.at("data").as_object()["foo"] = "MQ==";
  server.put(changed);
  CHECK(told(watch) == "MODIFIED a");
  server.remove("secrets", "default", "a");
  CHECK(told(watch) == "DELETED a");
}

TEST_CASE("a watch without a version begins with what is there") {
  ApiServer server;
  server.put(secret("a"));
  WatchReader watch(server, std::string(secrets_path) + "?watch=1");
  CHECK(told(watch) == "ADDED a");
}

TEST_CASE("an object that stops matching is told as deleted") {
  ApiServer server;
  Json object = secret("a");
  object.at("metadata").as_object()["labels"] = JsonObject{{"x", "y"}};
  WatchReader watch(server, watch_from(server, "&labelSelector=x"));
  server.put(object);
  CHECK(told(watch) == "ADDED a");
  server.put(secret("a"));
  CHECK(told(watch) == "DELETED a");
}

TEST_CASE("a metadata-only watch never shows data") {
  ApiServer server;
  WatchReader watch(server, watch_from(server),
                    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
  server.put(secret("a"));
  const auto line = watch.next_line();
  REQUIRE(line);
  CHECK(line->find("PartialObjectMetadata") != std::string::npos);
  CHECK(line->find("YmFy") == std::string::npos);
}

TEST_CASE("a store that goes back in time is silent until it gets where the watch was") {
  ApiServer server;
  const auto then = server.take_snapshot();
  server.put(secret("a"));
  WatchReader watch(server, watch_from(server, "&allowWatchBookmarks=true"));
  REQUIRE(server.wait_for([&] { return server.open_watches("secrets") == 1; }));
  server.restore(*then);
  CHECK_FALSE(server.get("secrets", "default", "a"));
  WatchReader anew(server, watch_from(server));
  server.put(secret("b"));  // at the version that "a" had
  server.send_bookmarks();
  server.put(secret("c"));
  CHECK(told(anew) == "ADDED b");
  CHECK(told(anew) == "ADDED c");
  CHECK(told(watch) == "ADDED c");
}

TEST_CASE("bookmarks come to those who asked") {
  ApiServer server;
  WatchReader asked(server, watch_from(server, "&allowWatchBookmarks=true"));
  WatchReader silent(server, watch_from(server));
  REQUIRE(server.wait_for([&] { return server.open_watches("secrets") == 2; }));
  server.send_bookmarks();
  CHECK(told(asked) == "BOOKMARK");
  server.put(secret("a"));
  CHECK(told(silent) == "ADDED a");
}

TEST_CASE("a watch ends by itself after its timeout, with a last bookmark") {
  ApiServer server;
  WatchReader watch(server, watch_from(server, "&allowWatchBookmarks=true&timeoutSeconds=1"));
  CHECK(told(watch) == "BOOKMARK");
  CHECK(told(watch).empty());
  CHECK(watch.ended_cleanly());
}

TEST_CASE("a forgotten version is refused as an event, or as a status when so configured") {
  for (const bool as_status : {false, true}) {
    CAPTURE(as_status);
    ApiServer server({.gone_as_http_status = as_status});
    const auto path = watch_from(server);
    server.put(secret("a"));
    server.compact();
    WatchReader watch(server, path);
    CHECK(watch.code() == (as_status ? 410 : 200));
    if (!as_status) CHECK(told(watch) == "ERROR 410");
  }
}

TEST_CASE("watches go wrong in every way that is asked for") {
  struct Case {
    const char* name;
    Fault::Kind kind;
    std::vector<std::string> told;
    bool clean;
    const char* rest;
  };
  const Case cases[] = {
      {"cut cleanly", Fault::Kind::cut, {"ADDED a"}, true, ""},
      {"cut in the middle of a line",
       Fault::Kind::cut_mid_line,
       {"ADDED a"},
       false,
       R"({"type":"MODIFIED","object":{"kind":"Secret)"},
      {"expired", Fault::Kind::expire, {"ADDED a", "ERROR 410"}, true, ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    ApiServer server;
    auto fault = Fault::of(c.kind, {.verb = "watch"});
    fault.after_events = 1;
    server.inject(fault);
    WatchReader watch(server, watch_from(server));
    server.put(secret("a"));
    for (const auto& expected : c.told) CHECK(told(watch) == expected);
    CHECK(told(watch).empty());
    CHECK(watch.ended_cleanly() == c.clean);
    CHECK(watch.rest() == c.rest);
  }
}

TEST_CASE("duplicates, split chunks and malformed lines leave the stream alive") {
  ApiServer server;
  server.inject(Fault::of(Fault::Kind::duplicate_events, {.verb = "watch"}));
  server.inject(Fault::of(Fault::Kind::split_chunks, {.verb = "watch"}));
  auto malformed = Fault::of(Fault::Kind::malformed_line, {.verb = "watch"});
  malformed.after_events = 1;
  server.inject(malformed);
  WatchReader watch(server, watch_from(server));
  server.put(secret("a"));
  CHECK(told(watch) == "ADDED a");
  CHECK(told(watch) == "ADDED a");
  CHECK(watch.next_line() == "{\"type\":\"MODIFIED\",\"object\":oops");
  server.put(secret("b"));
  CHECK(told(watch) == "ADDED b");
}

TEST_CASE("a silent watch says nothing until it is closed") {
  ApiServer server;
  server.inject(Fault::of(Fault::Kind::silence, {.verb = "watch"}));
  WatchReader watch(server, watch_from(server));
  REQUIRE(server.wait_for([&] { return server.open_watches() == 1; }));
  server.put(secret("a"));
  server.close_watches();
  CHECK(told(watch).empty());
  CHECK_FALSE(watch.ended_cleanly());
}

TEST_CASE("all watches can be closed, and a client that leaves is noticed") {
  ApiServer server;
  {
    WatchReader watch(server, watch_from(server));
    REQUIRE(server.wait_for([&] { return server.open_watches() == 1; }));
    server.close_watches();
    CHECK(told(watch).empty());
    CHECK(watch.ended_cleanly());
    WatchReader leaving(server, watch_from(server));
    REQUIRE(server.wait_for([&] { return server.open_watches() == 1; }));
  }
  CHECK(server.wait_for([&] { return server.open_watches() == 0; }));
}

TEST_CASE("a stopped server ends its watches, and a watch resumes after the restart") {
  ApiServer server;
  const auto path = watch_from(server);
  {
    WatchReader watch(server, path);
    server.stop();
    CHECK(told(watch).empty());
  }
  server.put(secret("a"));
  server.restart();
  WatchReader watch(server, path);
  CHECK(told(watch) == "ADDED a");
}

}  // namespace bulla::test
