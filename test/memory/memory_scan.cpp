// SPDX-License-Identifier: Apache-2.0
// After its work, the controller's memory holds nothing of what went through it: not a value, not
// what a template made of one, not the text of a key. Canaries are sent through all of its ways,
// and then all of its memory is searched, for their base64 too.
// usage: memory_scan CONTROLLER (the release build: AddressSanitizer keeps what is freed)
// Reading another process's memory, which does not want to be dumped, takes root; without, 77.
#include <cerrno>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "base/base64.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "memory/scan.hpp"
#include "resource/objects.hpp"
#include "tools/controller_process.hpp"
#include "tools/sealed_world.hpp"

namespace {

using namespace bulla;
using namespace bulla::test;

constexpr int objects = 40;
constexpr int exit_skipped = 77;
constexpr int finds_shown = 20;

/// 24 letters that are nowhere else.
std::string random_word() {
  std::string word;
  for (int i = 0; i < 24; ++i)
    word += static_cast<char>('a' + static_cast<int>(system_random().below(26)));
  return word;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(c - 'a' + 'A');
  return text;
}

class MemoryTest {
 public:
  explicit MemoryTest(const std::string& program) {
    world_.put_key(key_, "key-0");
    controller_ = std::make_unique<ControllerProcess>(program, world_.server);
  }

  void work() {
    open_many();
    repair_drift();
    stay_away_from_others();
    ask_over_http();
    // The last status written, and the Events told, nothing is under way any more.
    wait_until("Events", [this] { return world_.server.list("events").size() >= objects; });
  }

  /// True when nothing was found, but for what must be there.
  bool is_clean() {
    std::vector<Needle> needles = with_base64({"a value", value_}, 2);
    add(needles, with_base64({"what a template made", upper(value_)}, 2));
    add(needles, with_base64({"a Secret that is not ours", foreign_}, 2));
    add_key(needles);
    const Needle control{"control", "sealed-1"};
    needles.push_back(control);
    std::size_t leaks = 0;
    bool sees = false;
    for (const auto& find : scan_memory(controller_->pid(), needles)) {
      if (find.what == control.what) {
        sees = true;
      } else if (++leaks <= finds_shown) {
        std::printf("%s is in memory (%s): %s[...]%s\n", find.what.c_str(), find.where.c_str(),
                    find.before.c_str(), find.behind.c_str());
      }
    }
    if (!sees) std::printf("the name of an object is not in memory: the search sees nothing\n");
    std::printf("%zu finds of %zu needles\n", leaks, needles.size() - 1);
    return sees && leaks == 0;
  }

  void stop() { controller_->stop(); }

 private:
  static void add(std::vector<Needle>& all, std::vector<Needle> more) {
    for (auto& needle : more) all.push_back(std::move(needle));
  }

  /// Some lines of its PEM, behind the modulus, and the bytes that they encode: the private numbers
  /// as they stand in a file.
  /// OpenSSL holds them the other way round, where it keeps the keys in use.
  void add_key(std::vector<Needle>& needles) const {
    const auto pem = key_.to_pem();
    const std::string text(pem.expose_secret_text());
    for (const auto line : {7, 9, 15, 20}) {
      const auto begin = text.find('\n') + 1 + static_cast<std::size_t>(line) * 65;
      const std::string body = text.substr(begin, 64);
      add(needles, with_base64({"a line of the key's PEM", body}, 1));
      const auto bytes = decode_base64(body);
      needles.push_back({"bytes of the key's DER form", std::string(as_text(bytes.value()))});
    }
  }

  /// Values of many sizes, so that every kind of buffer has its turn.
  SealedWorld::Object object(int index) const {
    const std::string padding(
        static_cast<std::size_t>(index) * static_cast<std::size_t>(index) * 20, '-');
    return {"n", "sealed-" + std::to_string(index), 3, key_.public_key(), value_ + padding};
  }

  void open_many() {
    std::vector<SealedWorld::Object> all;
    for (int i = 0; i < objects; ++i) all.push_back(object(i));
    world_.put(all);
    for (int i = 0; i < objects; i += 2) add_templates("sealed-" + std::to_string(i));
    wait_for_statuses(objects);
    const auto secret = world_.server.get("secrets", "n", "sealed-0");
    const auto status = world_.server.get("sealedsecrets", "n", "sealed-0")->at("status");
    check(secret && find(*secret, "data.made") != nullptr,
          "no template has run: " + boost::json::serialize(status));
  }

  /// The controller may have opened it without: then it is opened once more.
  void add_templates(const std::string& name) {
    Json sealed = world_.server.get("sealedsecrets", "n", name).value();
    auto& spec = sealed.at("spec").as_object();
    spec["template"].as_object()["data"] = {
        {"made", "{{ .item0 | upper }} {{ range $k, $v := . }}{{ $k }}={{ $v | quote }} {{ end }}"},
        {"encoded", R"({{ printf "%s/%s" .item0 .item1 | b64enc }})"},
        {"object", R"({{ dict "password" .item0 | toJson | fromJson | toPrettyJson }})"},
        {"replaced", R"({{ .item0 | replace "-" "+" | trunc 100 | regexReplaceAll "z" "y" }})"}};
    sealed.at("metadata").as_object()["generation"] = 2;
    world_.server.put(std::move(sealed));
  }

  void repair_drift() {
    Json secret = world_.server.get("secrets", "n", "sealed-3").value();
    secret.at("data").as_object()["drift"] = encode_base64(as_bytes(foreign_));
    world_.server.put(std::move(secret));
    wait_until("repair", [this] {
      const auto now = world_.server.get("secrets", "n", "sealed-3");
      return find(*now, "data.drift") == nullptr;
    });
  }

  /// A Secret in the way, and one that is no business of ours, with kubectl's copy of its values.
  void stay_away_from_others() {
    const std::string encoded = encode_base64(as_bytes(foreign_));
    for (const auto* name : {"taken", "unrelated"}) {
      JsonObject secret;
      secret["apiVersion"] = "v1";
      secret["kind"] = "Secret";
      secret["data"] = {{"password", encoded}};
      secret["metadata"] = {{"name", name},
                            {"namespace", "n"},
                            {"annotations",
                             {{"kubectl.kubernetes.io/last-applied-configuration",
                               R"({"stringData":{"password":")" + foreign_ + R"("},"data":{"p":")" +
                                   encoded + "\"}}"}}}};
      world_.server.put(std::move(secret));
    }
    world_.put({{"n", "taken", 1, key_.public_key(), value_}});
    wait_until("refusal", [this] {
      const auto taken = world_.server.get("sealedsecrets", "n", "taken");
      return find(*taken, "status.conditions") != nullptr;
    });
  }

  void ask_over_http() {
    Json sealed = world_.server.get("sealedsecrets", "n", "sealed-1").value();
    const std::string good = boost::json::serialize(sealed);
    sealed.at("metadata").as_object()["name"] = "another";
    const std::string bad = boost::json::serialize(sealed);
    check(controller_->ask("/v1/verify", good).starts_with("200"), "verify refuses");
    check(controller_->ask("/v1/verify", bad).starts_with("409"), "verify takes anything");
    check(controller_->ask("/v1/rotate", good).starts_with("200"), "rotate refuses");
    check(controller_->ask("/v1/rotate", bad).starts_with("409"), "rotate takes anything");
    check(controller_->ask("/v1/cert.pem").starts_with("200"), "no certificate");
  }

  void wait_for_statuses(int count) {
    wait_until("statuses", [this, count] {
      int current = 0;
      for (const Json& one : world_.server.list("sealedsecrets")) {
        const auto* observed = find(one, "status.observedGeneration");
        const auto* generation = find(one, "metadata.generation");
        if (observed != nullptr && *observed == *generation) ++current;
      }
      return current >= count;
    });
  }

  static void check(bool holds, const std::string& otherwise) {
    if (!holds) throw std::runtime_error(otherwise);
  }

  SealedWorld world_;
  PrivateKey key_ = PrivateKey::generate(2048).value();
  std::string value_ = random_word();
  std::string foreign_ = random_word();
  std::unique_ptr<ControllerProcess> controller_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: memory_scan CONTROLLER\n");
    return 2;
  }
  try {
    MemoryTest test(argv[1]);
    test.work();
    const bool clean = test.is_clean();
    test.stop();
    return clean ? 0 : 1;
  } catch (const std::system_error& error) {
    const bool forbidden = error.code().value() == EACCES || error.code().value() == EPERM;
    std::fprintf(stderr, "%s%s\n", forbidden ? "skipped: " : "", error.what());
    return forbidden ? exit_skipped : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
