// SPDX-License-Identifier: Apache-2.0
#include "kube/informer.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <initializer_list>

#include "api_server.hpp"
#include "kube/events.hpp"
#include "kube/object.hpp"
#include "tiny_server.hpp"

namespace bulla::kube {
namespace {

using test::http_answer;
using test::Seen;
using test::TinyServer;

Client client_of(boost::asio::io_context& context, const TinyServer& server) {
  ClientConfig config;
  config.server = server.url();
  auto client = Client::create(context.get_executor(), std::move(config));
  REQUIRE(client.has_value());
  return *client;
}

std::string list_of(const std::string& names, const std::string& more = "") {
  std::string items;
  for (const char name : names) {
    items += items.empty() ? "" : ",";
    items += R"({"metadata":{"name":")" + std::string(1, name) + R"("}})";
  }
  return http_answer(200, R"({"metadata":{"resourceVersion":"10","continue":")" + more +
                              R"("},"items":[)" + items + "]}");
}

std::string line(const char* type, const char* name, const char* version) {
  return std::string(R"({"type":")") + type + R"(","object":{"metadata":{"name":")" + name +
         R"(","resourceVersion":")" + version + "\"}}}\n";
}

std::string stream(const std::string& lines) {
  return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + lines;
}

}  // namespace

TEST_CASE("an informer survives pages, 410s, half lines and broken watches and loses nothing") {
  TinyServer server([](const Seen&, std::size_t number) -> std::string {
    switch (number) {
      case 0: return list_of("a", "next");
      case 1: return http_answer(410, R"({"kind":"Status","reason":"Expired","code":410})");
      case 2: return list_of("a", "next");
      case 3: return list_of("b");
      case 4:  // ends within a line
        return stream(line("ADDED", "c", "11") + line("BOOKMARK", "", "12") + R"({"type":"ADD)");
      case 5: return http_answer(503, "not now");
      case 6:
        return stream(line("DELETED", "a", "13") +
                      R"({"type":"ERROR","object":{"kind":"Status","code":410}})" + "\n");
      case 7: return list_of("z");
      default: return stream(line("MODIFIED", "z", "20"));
    }
  });
  boost::asio::io_context context;
  InformerOptions options;
  options.list.path = "/api/v1/things";
  options.list.metadata_only = true;
  options.backoff = {std::chrono::milliseconds(1), std::chrono::milliseconds(2)};
  std::string told;
  int errors = 0;
  std::unique_ptr<Informer> informer;
  informer = std::make_unique<Informer>(
      client_of(context, server), options, system_random(),
      [&](ObjectEvent event) {
        told += "iad+-"[static_cast<int>(event.kind)];
        told += name_of(event.object);
        if (told.ends_with("+z")) informer->cancel();
      },
      [&](const Error&) { ++errors; });
  boost::asio::co_spawn(context, informer->run(), boost::asio::detached);
  context.run();
  CHECK(told == "iaaiaaabd+c-aiazd+z");
  CHECK(informer->ready());
  CHECK(errors == 1);
  const auto seen = server.seen();
  REQUIRE(seen.size() >= 9);
  CHECK(seen[1].head.find("continue=next") != std::string::npos);
  CHECK(seen[0].head.find("PartialObjectMetadataList") != std::string::npos);
  CHECK(seen[4].head.find("watch=true&resourceVersion=10&allowWatchBookmarks=true") !=
        std::string::npos);
  CHECK(seen[5].head.find("resourceVersion=12") != std::string::npos);
  CHECK(seen[6].head.find("resourceVersion=12") != std::string::npos);
}

// Whoever may create one object could otherwise keep everybody from seeing any: etcd takes 10,000
// levels wherever a CRD lets unknown fields be.
TEST_CASE("an object that nests deep hides no others, in a list or a watch") {
  const std::string deep = R"(,"spec":)" + std::string(10'000, '[') + std::string(10'000, ']');
  const auto object = [&](const std::string& name) {
    return R"({"metadata":{"name":")" + name + R"(","resourceVersion":"11"})" + deep + "}";
  };
  TinyServer server([&](const Seen& seen, std::size_t) -> std::string {
    if (seen.head.find("watch=true") != std::string::npos)
      return stream(R"({"type":"ADDED","object":)" + object("b") + "}\n" +
                    line("ADDED", "c", "12"));
    return http_answer(200,
                       R"({"metadata":{"resourceVersion":"10"},"items":[)" + object("a") + "]}");
  });
  boost::asio::io_context context;
  InformerOptions options;
  options.list.path = "/api/v1/things";
  std::string told;
  int errors = 0;
  std::unique_ptr<Informer> informer;
  informer = std::make_unique<Informer>(
      client_of(context, server), options, system_random(),
      [&](const ObjectEvent& event) {
        told += name_of(event.object);
        if (told.ends_with("c")) informer->cancel();
      },
      [&](const Error&) {
        if (++errors == 3) informer->cancel();
      });
  boost::asio::co_spawn(context, informer->run(), boost::asio::detached);
  context.run();
  CHECK(told == "abc");
  CHECK(errors == 0);
}

TEST_CASE("large objects are listed in small pages, and none is lost") {
  // 40 objects of 300 kB; "continue" is the number of the next one.
  constexpr std::size_t objects = 40;
  const auto number_after = [](const std::string& head, const std::string& name) {
    const auto at = head.find(name);
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + name.size()));
  };
  TinyServer server([&](const Seen& seen, std::size_t) -> std::string {
    if (seen.head.find("watch=true") != std::string::npos) return stream("");
    const auto first = number_after(seen.head, "continue=");
    const auto end = std::min(objects, first + number_after(seen.head, "limit="));
    std::string items;
    for (auto i = first; i < end; ++i) {
      items += i == first ? "" : ",";
      items += R"({"metadata":{"name":"o)" + std::to_string(i) + R"(","annotations":{"a":")" +
               std::string(300'000, 'x') + R"("}}})";
    }
    const auto more = end == objects ? "" : std::to_string(end);
    return http_answer(200, R"({"metadata":{"resourceVersion":"10","continue":")" + more +
                                R"("},"items":[)" + items + "]}");
  });
  boost::asio::io_context context;
  InformerOptions options;
  options.list.path = "/api/v1/things";
  std::size_t seen_objects = 0;
  int errors = 0;
  std::unique_ptr<Informer> informer;
  informer = std::make_unique<Informer>(
      client_of(context, server), options, system_random(),
      [&](const ObjectEvent& event) {
        if (event.kind == ObjectEvent::Kind::init_apply) ++seen_objects;
        if (event.kind == ObjectEvent::Kind::init_done) informer->cancel();
      },
      [&](const Error&) { ++errors; });
  boost::asio::co_spawn(context, informer->run(), boost::asio::detached);
  context.run();
  CHECK(seen_objects == objects);
  CHECK(errors == 0);
  const auto seen = server.seen();
  REQUIRE(seen.size() > 4);
  // 12 MB, 12 MB and 9 MB were broken off; 7 objects come to 2.1 MB, and so do those after them.
  for (std::size_t i = 0; const std::size_t limit : {500U, 125U, 31U, 7U})
    CHECK(number_after(seen[i++].head, "limit=") == limit);
  CHECK(number_after(seen[4].head, "limit=") == 6);
  CHECK(number_after(seen[4].head, "continue=") == 7);
}

TEST_CASE("a store that goes back in time is silent, and what is there comes with list_again()") {
  test::ApiServer server;
  const auto put = [&](const char* name) {
    server.put({{"apiVersion", "v1"},
                {"kind", "Secret"},
                {"metadata", {{"namespace", "default"}, {"name", name}}}});
  };
  put("a");
  const auto then = server.take_snapshot();
  boost::asio::io_context context;
  ClientConfig config;
  config.server = server.url();
  config.ca_pem = server.ca_certificate_pem();
  config.token = SecretBuffer::copy_of(server.token());
  InformerOptions options;
  options.list.path = "/api/v1/namespaces/default/secrets";
  std::string told;
  int errors = 0;
  Informer informer(
      Client::create(context.get_executor(), std::move(config)).value(), options, system_random(),
      [&](const ObjectEvent& event) {
        told += "iad+-"[static_cast<int>(event.kind)];
        told += name_of(event.object);
      },
      [&](const Error&) { ++errors; });
  const auto run_until = [&](std::string_view expected) {
    while (told != expected && context.run_one_for(std::chrono::seconds(30)) > 0) {
    }
    CHECK(told == expected);
  };
  boost::asio::co_spawn(context, informer.run(), boost::asio::detached);
  run_until("iaad");
  while (server.open_watches("secrets") == 0) context.run_one_for(std::chrono::milliseconds(10));
  put("b");
  run_until("iaad+b");

  server.restore(*then);
  put("c");
  server.send_bookmarks();
  put("a");
  CHECK(server.open_watches("secrets") == 1);
  informer.list_again();
  run_until("iaad+biaaacd");
  put("d");
  run_until("iaad+biaaacd+d");
  CHECK(errors == 0);
  informer.cancel();
  context.run();
}

TEST_CASE("an Event that repeats is counted, and one that expired is written anew") {
  TinyServer server([](const Seen&, std::size_t number) {
    return number == 2 ? http_answer(404, "") : http_answer(201, "{}");
  });
  boost::asio::io_context context;
  EventRecorder recorder(client_of(context, server), {}, system_clock(), system_random());
  const EventSubject subject{"v1", "Thing", {"ns", "a"}, "u", "5"};
  boost::asio::co_spawn(context, recorder.run(), boost::asio::detached);
  for (std::size_t count = 1; count <= 3; ++count) {
    recorder.record(subject, EventType::warning, "Failed", "because");
    while (server.seen().size() < count) context.run_one();
  }
  recorder.stop(std::chrono::seconds(5));
  context.run();
  const auto seen = server.seen();
  REQUIRE(seen.size() == 4);
  CHECK(seen[0].head.starts_with("POST /api/v1/namespaces/ns/events "));
  const auto event = parse_json(seen[0].body);
  REQUIRE(event.has_value());
  CHECK(text_at(*event, {"involvedObject", "uid"}) == "u");
  CHECK(text_at(*event, {"type"}) == "Warning");
  CHECK(seen[1].head.starts_with("PATCH /api/v1/namespaces/ns/events/a."));
  CHECK(seen[1].body.find("\"count\":2") != std::string::npos);
  CHECK(seen[3].head.starts_with("POST "));
  CHECK(seen[3].body.find("\"count\":3") != std::string::npos);
  CHECK(recorder.dropped() == 0);
}

}  // namespace bulla::kube
