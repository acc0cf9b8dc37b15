// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <vector>

#include "sealer/certificate_source.hpp"
#include "sealer/options.hpp"

namespace bulla::sealer {
namespace {

Result<Options> parse(const std::vector<const char*>& arguments) {
  return parse_options(arguments);
}

}  // namespace

TEST_CASE("kubectl's flags are read as kubectl reads them") {
  const auto options = parse({"--as=jane", "--as-group=g,h", "--as-group", "i", "--as-uid=7",
                              "--as-user-extra=k=v=w", "--as-user-extra=k=x",
                              "--proxy-url=http://p", "--disable-compression"});
  REQUIRE(options.has_value());
  const auto& cluster = options->cluster;
  CHECK(cluster.as == "jane");
  CHECK(cluster.as_groups == std::vector<std::string>{"g,h", "i"});
  CHECK(cluster.as_uid == "7");
  const std::vector<std::pair<std::string, std::string>> extra = {{"k", "v=w"}, {"k", "x"}};
  CHECK(cluster.as_user_extra == extra);
  CHECK(cluster.proxy_url == "http://p");
  CHECK(cluster.disable_compression == true);
  CHECK_FALSE(parse({})->cluster.disable_compression.has_value());
  CHECK(parse({"--as-user-extra==x"}).error().message.find("must be KEY=VALUE") !=
        std::string::npos);
}

TEST_CASE("a namespace may be written as a resource") {
  struct Case {
    const char* flag;
    const char* name;
  };
  for (const auto& c : {Case{"team", "team"}, Case{"ns/team", "team"}, Case{"NS/team", "team"},
                        Case{"namespace/team", "team"}, Case{"namespaces/team", "team"},
                        Case{"ns/", "ns/"}, Case{"ns/ns/team", "ns/team"}}) {
    CAPTURE(c.flag);
    CHECK(parse({"-n", c.flag})->cluster.namespace_ == c.name);
  }
}

TEST_CASE("--cert takes a path or a file URL") {
  std::string folder = std::filesystem::temp_directory_path() / "kubeseal-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  std::ofstream(folder + "/a certificate.pem") << "PEM";
  std::ofstream(folder + "/100%.pem") << "PEM";
  const auto read = [](const std::string& source) {
    Options options;
    options.certificate = source;
    auto text = fetch_certificate(options);
    return text ? *text : text.error().message;
  };
  CHECK(read(folder + "/a certificate.pem") == "PEM");
  CHECK(read("file://" + folder + "/a%20certificate.pem") == "PEM");
  CHECK(read("file://localhost" + folder + "/a%20certificate.pem") == "PEM");
  CHECK(read("FILE://LocalHost" + folder + "/a certificate.pem") == "PEM");
  CHECK(read("file://u:s3cret@localhost" + folder + "/none.pem") ==
        "cannot fetch \"file://xxxxx@localhost" + folder + "/none.pem\": 404 Not Found");
  CHECK(read(folder + "/100%.pem") == "PEM");  // a broken URL, and yet a file
  CHECK(read("file://" + folder + "/none.pem") ==
        "cannot fetch \"file://" + folder + "/none.pem\": 404 Not Found");
  CHECK(read("%zz") == "parse \"%zz\": invalid URL escape \"%zz\"");
  CHECK(read("c:none.pem") == "open c:none.pem: no such file or directory");
  CHECK(read("ftp://example.invalid/x") ==
        "Get \"ftp://example.invalid/x\": unsupported protocol scheme \"ftp\"");
  std::filesystem::remove_all(folder);
}

}  // namespace bulla::sealer
