// SPDX-License-Identifier: Apache-2.0
#include "unit/sealer/desk.hpp"

#include <algorithm>
#include <filesystem>
#include <latch>
#include <thread>
#include <vector>

namespace bulla::test {

namespace {

constexpr std::string_view secret_db =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: db, labels: {app: shop}}\n"
    "stringData: {password: new, user: me}\n";

/// Merges `input` into a file of `target`.
struct Merge {
  Desk desk;
  sealer::Options options;

  Merge(std::string_view target, std::string_view input) : options(desk.options(input)) {
    options.output_file.clear();
    options.merge_into = desk.put("target", target);
  }
  [[nodiscard]] Result<void> run() const { return sealer::merge_into_sealed_secret(options); }
  [[nodiscard]] std::string text() const { return desk.text("target"); }
  [[nodiscard]] std::string layout() const { return without_ciphertexts(text()); }
};

/// A SealedSecret team/NAME with the item `password`, for key A, among comments.
std::string target_yaml(const std::string& name = "db") {
  return "# of team\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n"
         "    namespace: team # ns\n    name: " +
         name + "\nspec:\n    encryptedData:\n        # rotated in May\n        password: '" +
         ciphertext("old", "team/" + name) + "' # old\n    template:\n        type: Opaque\n";
}

}  // namespace

TEST_CASE("a YAML target keeps everything but what was merged") {
  const Merge merge(target_yaml(), secret_db);
  CHECK(outcome(merge.run()) == "");
  CHECK(merge.layout() ==
        "# of team\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n"
        "    namespace: team # ns\n    name: db\nspec:\n    encryptedData:\n"
        "        # rotated in May\n        password: '...' # old\n        user: ...\n"
        "    template:\n        type: Opaque\n        metadata:\n            labels:\n"
        "                app: shop\n");
  CHECK(opened(merge.text()) == "db/password=new db/user=me ");
}

TEST_CASE("the other documents of a file stay as they are") {
  const std::string before = "# first\n---\nkind: ConfigMap   # c\ndata: {a: 0x10}\n---\n";
  const std::string after = "---\n{\"kind\":  \"List\"}\n---\n# end, no line feed";
  const Merge merge(before + target_yaml() + after, secret_db);
  CHECK(outcome(merge.run()) == "");
  CHECK(merge.text().starts_with(before));
  CHECK(merge.text().ends_with(after));
  CHECK(opened(merge.text()) == "db/password=new db/user=me ");
}

TEST_CASE("of several SealedSecrets, the one that the input names is merged into") {
  const auto both = target_yaml("web") + "---\n" + target_yaml("db");
  SUBCASE("by its name") {
    const Merge merge(both, secret_db);
    CHECK(outcome(merge.run()) == "");
    CHECK(opened(merge.text()) == "web/password=old db/password=new db/user=me ");
  }
  SUBCASE("by --name") {
    Merge merge(both, secret_db);
    merge.options.name = "web";
    CHECK(outcome(merge.run()) == "");
    CHECK(opened(merge.text()) == "web/password=new web/user=me db/password=old ");
  }
  SUBCASE("each input into its own") {
    const Merge merge(
        both, std::string(secret_db) + "---\nmetadata: {name: web}\nstringData: {password: w}\n");
    CHECK(outcome(merge.run()) == "");
    CHECK(opened(merge.text()) == "web/password=w db/password=new db/user=me ");
  }
  SUBCASE("or else none") {
    struct Case {
      std::string input;
      std::string message;
    };
    const Case cases[] = {
        {"metadata: {name: x}\nstringData: {a: b}\n", "none of them has that name: \"x\""},
        {"metadata: {name: db, namespace: y}\nstringData: {a: b}\n",
         "none of them has that name: \"db\""},
        {"stringData: {a: b}\n", "none of them has that name: the input has none"},
    };
    for (const auto& c : cases) {
      CAPTURE(c.input);
      const Merge merge(both, c.input);
      const auto result = merge.run();
      CHECK(outcome(result) ==
            merge.options.merge_into + " holds 2 SealedSecrets, and " + c.message);
      CHECK(has_hint(result, "team/db is in " + merge.options.merge_into + ", line 13"));
      CHECK(merge.text() == both);
    }
  }
  SUBCASE("nor if two have it") {
    const Merge merge(target_yaml() + "---\n" + target_yaml(), secret_db);
    CHECK(outcome(merge.run()) == merge.options.merge_into +
                                      " holds 2 SealedSecrets, and several of them have that name: "
                                      "\"db\"");
  }
}

TEST_CASE("new items are sealed in the scope of the target") {
  const std::string target =
      "kind: SealedSecret\nmetadata:\n  name: db\n  annotations:\n"
      "    sealedsecrets.bitnami.com/cluster-wide: \"true\"\nspec:\n"
      "  encryptedData:\n    password: " +
      ciphertext("old", "") + "\n";
  SUBCASE("without a flag") {
    const Merge merge(target, "stringData: {a: b}\n");
    CHECK(outcome(merge.run()) == "");
    CHECK(opened(merge.text()) == "db/a=b db/password=old ");
  }
  SUBCASE("in another one only when no old item is left") {
    Merge merge(target_yaml(), secret_db);
    merge.options.scope = Scope::cluster_wide;
    CHECK(outcome(merge.run()) == "");
    CHECK(opened(merge.text()) == "db/password=new db/user=me ");
    CHECK(merge.layout().find("sealedsecrets.bitnami.com/cluster-wide: \"true\"") !=
          std::string::npos);
  }
  SUBCASE("never so that nobody can open the whole") {
    Merge merge(target_yaml(), "stringData: {other: x}\n");
    merge.options.scope = Scope::namespace_wide;
    CHECK(outcome(merge.run()) ==
          "team/db is sealed strict: items sealed namespace-wide could not be opened together with "
          "its others");
  }
  SUBCASE("whatever the input's annotations say") {
    const Merge merge(
        target_yaml(),
        "metadata:\n  annotations:\n    sealedsecrets.bitnami.com/cluster-wide: \"true\"\n"
        "stringData: {a: b}\n");
    CHECK(outcome(merge.run()) == "");
    CHECK(opened(merge.text()) == "db/a=b db/password=old ");
    CHECK(merge.text().find("cluster-wide") == std::string::npos);
  }
}

TEST_CASE("-o prints the SealedSecret anew") {
  Merge merge(target_yaml(), "stringData: {a: b}\n");
  merge.options.format_given = true;
  SUBCASE("in YAML") {
    merge.options.format = "yaml";
    CHECK(outcome(merge.run()) == "");
    CHECK(merge.text().starts_with("---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n"));
  }
  SUBCASE("in JSON") {
    merge.options.format = "json";
    CHECK(outcome(merge.run()) == "");
    CHECK(merge.text().starts_with("{\n  \"kind\": \"SealedSecret\",\n"));
  }
  CHECK(opened(merge.text()) == "db/a=b db/password=old ");
}

TEST_CASE("JSON is printed anew, and merged with one Secret at a time") {
  const auto target =
      "{\"kind\":\"SealedSecret\",\"metadata\":{\"name\":\"db\",\"namespace\":"
      "\"team\"},\"spec\":{\"encryptedData\":{}}}";
  const Merge one(target, secret_db);
  CHECK(outcome(one.run()) == "");
  CHECK(one.text().starts_with("{\n  \"kind\": \"SealedSecret\",\n"));
  CHECK(opened(one.text()) == "db/password=new db/user=me ");

  const Merge two(target, std::string(secret_db) + "---\n" + std::string(secret_db));
  CHECK(outcome(two.run()) ==
        two.options.input_file + " holds 2 documents, and JSON is merged with one at a time");
  CHECK(two.text() == target);
}

TEST_CASE("a file that can't be edited in place is left alone") {
  const auto target =
      "base: &items {a: AgB}\nkind: SealedSecret\nmetadata: {name: db, namespace: team}\n"
      "spec:\n  encryptedData: *items\n";
  const Merge merge(target, secret_db);
  const auto result = merge.run();
  CHECK(outcome(result) == merge.options.merge_into +
                               ": line 5: can't be edited in place: the map to add to is an alias");
  CHECK(has_hint(result,
                 "nothing was changed; with -o yaml the SealedSecret is printed anew, without its "
                 "comments"));
  CHECK(merge.text() == target);
}

TEST_CASE("the file keeps its mode") {
  const Merge merge(target_yaml(), secret_db);
  REQUIRE(::chmod(merge.options.merge_into.c_str(), 0640) == 0);
  CHECK(outcome(merge.run()) == "");
  struct stat status {};
  REQUIRE(::stat(merge.options.merge_into.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
}

TEST_CASE("a file without a SealedSecret that has a name is refused") {
  struct Case {
    std::string target;
    std::string message;
  };
  const Case cases[] = {
      {"", " holds no SealedSecret"},
      {"{}", ", line 1: the SealedSecret has no metadata.name"},
      {"kind: Secret\n", ", line 1: expected a SealedSecret, found a Secret"},
      {"kind: A\n---\nkind: B\n", " holds no SealedSecret"},
      {"- a\n", ", line 1: a SealedSecret must be a map, not a list"},
      {"a: [\n", ": line 2: did not find expected node content while parsing a flow node"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.target);
    const Merge merge(c.target, secret_db);
    CHECK(outcome(merge.run()) == merge.options.merge_into + c.message);
    CHECK(merge.text() == c.target);
  }
}

TEST_CASE("missing maps are made, whatever stands in their place") {
  for (const auto* spec : {"", "spec:\n", "spec: {}\n", "spec: ~ # none\n", "spec:\n  template:\n",
                           "spec: {template: {metadata: null}, encryptedData: }\n"}) {
    CAPTURE(spec);
    const Merge merge(
        "kind: SealedSecret\nmetadata: {name: db, namespace: team}\n" + std::string(spec),
        secret_db);
    CHECK(outcome(merge.run()) == "");
    CHECK(opened(merge.text()) == "db/password=new db/user=me ");
  }
}

TEST_CASE(
    "a template of the target that does not parse is warned about, and the items are merged") {
  const Merge merge(
      "kind: SealedSecret\nmetadata: {name: db, namespace: team}\n"
      "spec: {template: {data: {url: '{{ .user | nope }}'}}, encryptedData: {}}\n",
      secret_db);
  const CapturedErrors errors;
  CHECK(outcome(merge.run()) == "");
  CHECK(errors.text() == "warning: " + merge.options.merge_into +
                             ", line 1: spec.template.data: template: url:1: function \"nope\" "
                             "not defined (url)\n");
}

TEST_CASE("--name may not say another name than that of the only object in the file") {
  Merge merge(target_yaml("db"), secret_db);
  const auto before = merge.text();
  merge.options.name = "web";
  const auto result = merge.run();
  CHECK(outcome(result) ==
        "--name says \"web\", and " + merge.options.merge_into + " holds team/db");
  CHECK(has_hint(result, "leave --name out: what is added is sealed for the name in the file"));
  CHECK(merge.text() == before);
  merge.options.name = "db";
  CHECK(outcome(merge.run()) == "");
}

namespace {

/// Several merges at a time into one file, `rounds` items each: the items that are in it at the
/// end.
std::size_t items_after_merging_at_once(const Desk& desk, const std::string& target) {
  constexpr std::size_t programs = 6;
  constexpr std::size_t rounds = 5;
  std::latch start(programs);
  std::vector<std::thread> threads;
  std::vector<std::string> failures(programs);
  for (std::size_t program = 0; program < programs; ++program) {
    threads.emplace_back([&, program] {
      start.arrive_and_wait();
      for (std::size_t round = 0; round < rounds; ++round) {
        const auto item = "i" + std::to_string(program) + "-" + std::to_string(round);
        sealer::Options options;
        options.certificate = key_path("rsa2048-a.crt");
        options.input_file = desk.put("in-" + item, "stringData: {" + item + ": x}\n");
        options.merge_into = target;
        failures[program] += outcome(sealer::merge_into_sealed_secret(options));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& failure : failures) CHECK(failure == "");
  const auto text = opened(read_file(target, limits::input_bytes_max).value().expose_secret_text());
  return static_cast<std::size_t>(std::ranges::count(text, '='));
}

constexpr std::size_t items_of_all = 6 * 5 + 1;  // and the one that was there

}  // namespace

TEST_CASE("programs that merge into one file at once lose nothing of one another") {
  const Desk desk;
  const auto target = desk.put("target", target_yaml());
  SUBCASE("where each puts a new file in the old one's place") {
    CHECK(items_after_merging_at_once(desk, target) == items_of_all);
  }
  SUBCASE("where it is written over") {
    std::filesystem::create_hard_link(target, desk.path("second name"));
    CHECK(items_after_merging_at_once(desk, target) == items_of_all);
  }
  SUBCASE("through a symbolic link") {
    std::filesystem::create_symlink("target", desk.path("link"));
    CHECK(items_after_merging_at_once(desk, desk.path("link")) == items_of_all);
  }
}

}  // namespace bulla::test
