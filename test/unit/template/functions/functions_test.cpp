// SPDX-License-Identifier: Apache-2.0
// What the recorded cases can't show: functions of time and chance, and what functions leave
// behind.
#include <array>

#include "unit/memory_watch.hpp"
#include "unit/template/functions/run.hpp"

namespace bulla::test {

TEST_CASE("the time comes from the run's clock, and is UTC") {
  CHECK(run("{{now}}") == "2024-02-29 13:04:05.5 +0000 UTC");
  CHECK(run(R"({{date "2006-01-02 15:04 MST" "no time"}})") == "2024-02-29 13:04 UTC");
  CHECK(run("{{htmlDate nil}}") == "2024-02-29");
  CHECK(run(R"({{dateInZone "15:04" now "Asia/Tokyo"}})") == "22:04");
  CHECK(run("{{now | unixEpoch}}") == "1709211845");
  CHECK(run(R"({{ago (toDate "2006-01-02 15:04" "2024-02-29 12:00")}})") == "1h4m6s");
  CHECK(run(R"({{durationRound (toDate "2006-01-02" "2023-12-01")}})") == "3mo");
}

TEST_CASE("chance comes from the run's source") {
  CHECK(run("{{randNumeric 12}}") == "012345678901");
  CHECK(run("{{randAlpha 3}}{{randAlphaNum 3}}{{randAscii 3}}") == "ABC345&'(");
  CHECK(run("{{randBytes 4}}") == "AAECAw==");
  CHECK(run("{{randInt 10 15}}") == "10");
  CHECK(run("{{randInt -4 5000000000}}") == "1952079231");  // eight bytes, modulo the range
  CHECK(run("{{uuidv4}}") == "00010203-0405-4607-8809-0a0b0c0d0e0f");
  CHECK(run(R"({{shuffle "äbc"}})") == "cbä");
  CHECK(run("{{randAlpha -1}}").empty());
  CHECK(run("{{randInt 5 5}}").ends_with("error calling randInt: invalid argument to Intn"));
}

TEST_CASE("methods of times, durations, months and weekdays") {
  struct Case {
    std::string_view program, output;
  };
  for (const auto& c :
       {Case{"{{now.Year}} {{now.Month}} {{now.Day}} {{now.Weekday}} {{now.YearDay}}",
             "2024 February 29 Thursday 60"},
        {"{{now.Hour}} {{now.Minute}} {{now.Second}} {{now.Nanosecond}}", "13 4 5 500000000"},
        {"{{now.Unix}} {{now.UnixMilli}} {{now.UnixMicro}} {{now.UnixNano}}",
         "1709211845 1709211845500 1709211845500000 1709211845500000000"},
        {"{{(now.AddDate 1 0 0).Format \"2006-01-02\"}}", "2025-03-01"},
        {"{{now.Sub (now.AddDate 0 0 -1)}} {{(now.Sub (now.AddDate 0 0 -1)).Hours}}", "24h0m0s 24"},
        {"{{now.Round 1000000000}} {{now.Truncate 3600000000000}}",
         "2024-02-29 13:04:06 +0000 UTC 2024-02-29 13:00:00 +0000 UTC"},
        {"{{now.Before now}} {{now.Equal now}} {{now.After (now.Add -1)}} {{now.Compare now}}",
         "false true true 0"},
        {"{{now.Location}} {{now.UTC.IsZero}} {{now.IsDST}}", "UTC false false"},
        {"{{add 1 now.Month}} {{printf \"%d\" now.Weekday}} {{now.Month.String}}",
         "3 4 February"}}) {
    CAPTURE(c.program);
    CHECK(run(c.program) == c.output);
  }
}

TEST_CASE("merging follows mergo's rules") {
  struct Case {
    std::string_view program, output;
  };
  for (const auto& c :
       {Case{R"({{merge (dict "a" (list 1)) (dict "a" (list 2)) | toJson}})", R"({"a":[1]})"},
        {R"({{merge (dict "a" "") (dict "a" "x") | toJson}})", R"({"a":"x"})"},
        {R"({{merge (dict "a" (dict "b" 1)) (dict "a" "x") | toJson}})", R"({"a":{"b":1}})"},
        {R"({{mergeOverwrite (dict "a" (list 1)) (dict "a" (list)) | toJson}})", R"({"a":[]})"},
        // What is merged in is shared, and changes with its origin.
        {R"({{$a := dict "x" 1}}{{$b := merge (dict) (dict "n" $a)}})"
         R"({{$_ := set $a "y" 2}}{{toJson $b}})",
         R"({"n":{"x":1,"y":2}})"},
        // A map of strings takes nothing from a map of anything, not even strings.
        {R"({{merge (dict "a" (split "," "x")) (dict "a" (dict "_1" "y"))}})",
         R"(error: template: t:1:2: executing "t" at <merge (dict "a" (split "," "x")) )"
         R"((dict "a" (dict "_1" "y"))>: error calling merge: reflect.Value.SetMapIndex: )"
         R"(value of type interface {} is not assignable to type string)"},
        {R"({{merge (dict "a" (semver "1.0.0")) (dict "a" (dict "x" 1)) | quote}})", R"("")"}}) {
    CAPTURE(c.program);
    CHECK(run(c.program) == c.output);
  }
}

TEST_CASE("what functions do with an item leaves none of it in memory") {
  constexpr std::string_view secret = "correct-horse-battery-staple-4711";
  const char* const programs[] = {
      "{{abbrev 40 .s}}{{abbrevboth 5 40 .s}}{{camelcase .s}}{{kebabcase .s}}{{snakecase .s}}",
      "{{lower .s}}{{title .s}}{{untitle .s}}{{swapcase .s}}{{nospace .s}}{{initials .s}}",
      "{{trimAll \"c\" .s}}{{trimPrefix \"c\" .s}}{{trunc 40 .s}}{{substr 0 40 .s}}{{repeat 3 .s}}",
      "{{wrap 5 .s}}{{wrapWith 50 .s .s}}{{nindent 2 .s}}{{replace \"x\" .s \"axb\"}}",
      "{{cat .s .s}}{{squote .s}}{{toStrings (list .s)}}{{sortAlpha (list .s .s)}}",
      "{{split \"z\" .s}}{{join .s (list .s .s)}}{{quote .s}}{{printf \"%q\" .s}}",
      "{{append (list .s) .s}}{{uniq (list .s .s)}}{{without (list .s) .s}}{{has .s (list .s)}}",
      "{{chunk 1 (list .s)}}{{concat (list .s) (list .s)}}{{slice (list .s) 0}}",
      "{{rest (list .s .s)}}{{initial (list .s .s)}}{{reverse (list .s .s)}}{{first (list .s)}}",
      "{{merge (dict \"a\" .s) (dict \"b\" .s)}}{{deepCopy (dict .s .s)}}{{pick (dict .s .s) .s}}",
      "{{keys (dict .s .s)}}{{values (dict .s .s)}}{{omit (dict .s .s) \"x\"}}",
      "{{pluck .s (dict .s .s)}}{{get (dict .s .s) .s}}{{dig .s .s (dict .s .s)}}",
      "{{toJson (list .s)}}{{toPrettyJson (dict .s .s)}}{{fromJson (toJson .s)}}{{toRawJson .s}}",
      "{{b64enc .s | b64dec}}{{b32enc .s | b32dec}}{{b64dec .s}}{{b32dec .s}}",
      "{{sha256sum .s}}{{encryptAES .s .s | decryptAES .s}}{{derivePassword 1 \"long\" .s .s .s}}",
      "{{bcrypt .s}}{{htpasswd \"u\" .s}}{{adler32sum .s}}{{shuffle .s}}",
      "{{regexFind \".*\" .s}}{{regexFindAll \".+\" .s -1}}{{regexSplit \"z\" .s -1}}",
      "{{regexReplaceAll \"(.*)\" .s \"$1$1\"}}{{regexReplaceAllLiteral \"x\" \"x\" .s}}",
      "{{urlParse (print \"http://u:\" .s \"@h/\" .s \"?\" .s) | urlJoin}}{{urlquery .s}}",
      "{{base .s}}{{dir .s}}{{clean .s}}{{ext .s}}{{float64 .s}}{{int .s}}{{round .s 2}}",
      "{{semver (print \"1.2.3-\" .s)}}{{toDate .s .s}}{{date .s 0}}{{duration .s}}",
      "{{(semver (print \"1.2.3+\" .s)).Metadata}}{{typeOf .s}}{{dateModify .s now}}",
      // Those that fail, too.
      "{{mustFromJson .s}}",
      "{{mustToDate .s .s}}",
      "{{mustDateModify .s now}}",
      "{{semver .s}}",
      "{{semverCompare .s .s}}",
      "{{urlParse (print \"http://h:\" .s)}}",
      "{{urlJoin (dict \"userinfo\" (print \"a b\" .s))}}",
      "{{genSelfSignedCertWithKey \"x\" (list .s) nil 1 (genPrivateKey \"ed25519\")}}",
      "{{buildCustomCert (b64enc .s) .s}}",
      "{{genCAWithKey .s 1 .s}}",
      "{{decryptAES .s .s}}",
      "{{dig .s .s .s}}",
      "{{fail .s}}",
  };
  for (const auto* program : programs) {
    CAPTURE(std::string(program));
    const auto parsed = tmpl::Template::parse("t", program);
    REQUIRE(parsed.has_value());
    const LeapDay clock;
    Counting random;
    tmpl::Items items;
    items["s"] = SecretBuffer::copy_of(secret);
    const MemoryWatch watch(secret);
    {
      const auto output = parsed->run(items, {clock, random, {}, tmpl::RunErrors::full});
      if (!output) CHECK(output.error().message.find("horse") == std::string::npos);
    }
    CHECK(watch.leaks() == 0);
  }
}

}  // namespace bulla::test
