// SPDX-License-Identifier: Apache-2.0
// Programs that are made from the grammar of templates, so that nearly all of them run: whatever
// they do, they print and hold no more than they may, measured at malloc.
#include <array>
#include <string>

#include "fuzz/check.hpp"
#include "readers/allocation_meter.hpp"
#include "template/template.hpp"

namespace {

using namespace bulla;

/// A function, and what it takes: n a number, t a text, l a list, d a dict, v anything.
struct Function {
  std::string_view name;
  std::string_view takes;
};
constexpr std::array texts = std::to_array<Function>({
    {"repeat", "nt"},
    {"indent", "nt"},
    {"nindent", "nt"},
    {"trimAll", "tt"},
    {"trimPrefix", "tt"},
    {"trim", "t"},
    {"replace", "ttt"},
    {"upper", "t"},
    {"title", "t"},
    {"untitle", "t"},
    {"swapcase", "t"},
    {"snakecase", "t"},
    {"camelcase", "t"},
    {"kebabcase", "t"},
    {"initials", "t"},
    {"abbrev", "nt"},
    {"abbrevboth", "nnt"},
    {"substr", "nnt"},
    {"trunc", "nt"},
    {"wrap", "nt"},
    {"wrapWith", "ntt"},
    {"nospace", "t"},
    {"quote", "v"},
    {"squote", "v"},
    {"cat", "vvv"},
    {"print", "vvv"},
    {"println", "vv"},
    {"printf", "tvv"},
    {"html", "v"},
    {"js", "v"},
    {"urlquery", "v"},
    {"b64enc", "t"},
    {"b64dec", "t"},
    {"b32enc", "t"},
    {"b32dec", "t"},
    {"toJson", "v"},
    {"toPrettyJson", "v"},
    {"toRawJson", "v"},
    {"toString", "v"},
    {"join", "tv"},
    {"sha256sum", "t"},
    {"sha512sum", "t"},
    {"regexFind", "tt"},
    {"regexReplaceAll", "ttt"},
    {"regexReplaceAllLiteral", "ttt"},
    {"regexQuoteMeta", "t"},
    {"randAlpha", "n"},
    {"seq", "nn"},
    {"plural", "ttn"},
    {"first", "l"},
    {"last", "l"},
    {"base", "t"},
    {"dir", "t"},
    {"clean", "t"},
    {"default", "vv"},
    {"ternary", "vvv"},
    {"coalesce", "vvv"},
    {"get", "dt"},
    {"dig", "ttd"},
    {"index", "ln"},
});
constexpr std::array lists = std::to_array<Function>({
    {"until", "n"},     {"untilStep", "nnn"},    {"list", "vvv"},       {"append", "lv"},
    {"prepend", "lv"},  {"concat", "ll"},        {"reverse", "l"},      {"uniq", "l"},
    {"without", "lv"},  {"compact", "l"},        {"rest", "l"},         {"initial", "l"},
    {"slice", "lnn"},   {"chunk", "nl"},         {"sortAlpha", "l"},    {"splitList", "tt"},
    {"toStrings", "v"}, {"regexFindAll", "ttn"}, {"regexSplit", "ttn"}, {"keys", "d"},
    {"values", "d"},
});
constexpr std::array dicts = std::to_array<Function>({
    {"dict", "tv"},
    {"set", "dtv"},
    {"merge", "dd"},
    {"mergeOverwrite", "dd"},
    {"deepCopy", "d"},
    {"omit", "dt"},
    {"pick", "dt"},
    {"split", "tt"},
    {"splitn", "tnt"},
});
constexpr std::array numbers = std::to_array<std::string_view>(
    {"0", "1", "2", "-1", "3", "16", "100", "1000", "70000", "1000000", "9223372036854775807"});
constexpr std::array literals = std::to_array<std::string_view>(
    {R"("")", R"("a")", R"("\n")", R"("a b,c")", R"("\u20ac")", R"("\xff")", R"("%v%100d")",
     R"("[[],[0],{}]")", R"(".*")", R"("(a{50}){50}")", R"("[ab]*a[ab]{200}")", R"("b64")"});

/// Writes a program, as the bytes choose. Without bytes it chooses what comes first, and ends.
class Writer {
 public:
  Writer(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}

  std::string program() {
    out_ = "{{$t := .text}}{{$l := list 1 .text}}{{$d := dict \"a\" .text}}";
    while (left_ > 0 && out_.size() < program_bytes_max) statement(0);
    return std::move(out_);
  }

 private:
  static constexpr std::size_t program_bytes_max = 4096;
  static constexpr int depth_max = 4;

  std::size_t choose(std::size_t count) {
    if (left_ == 0) return 0;
    --left_;
    return *data_++ % count;
  }

  void statement(int depth) {
    switch (depth < depth_max ? choose(8) : choose(5)) {
      case 0: action([&] { text(0); }); break;
      case 1:
        action([&] {
          out_ += "$t = ";
          text(0);
        });
        break;
      case 2:
        action([&] {
          out_ += "$l = ";
          list(0);
        });
        break;
      case 3:
        action([&] {
          out_ += "$d = ";
          dict(0);
        });
        break;
      case 4:
        action([&] {
          out_ += "$x := ";
          value(0);
        });
        break;
      case 5: block("range ", depth, [&] { list(0); }); break;
      case 6: block("if ", depth, [&] { value(0); }); break;
      default: block("with ", depth, [&] { value(0); }); break;
    }
  }
  template <class Inside>
  void action(Inside inside) {
    out_ += "{{";
    inside();
    out_ += "}}";
  }
  template <class Head>
  void block(std::string_view keyword, int depth, Head head) {
    action([&] {
      out_ += keyword;
      head();
    });
    for (auto count = choose(4) + 1; count > 0; --count) statement(depth + 1);
    out_ += "{{end}}";
  }

  void text(int depth) {
    const auto what = depth < depth_max ? choose(4) : choose(2);
    if (what == 0) out_ += "$t";
    if (what == 1) out_ += literals[choose(literals.size())];
    if (what > 1) call(texts[choose(texts.size())], depth);
  }
  void list(int depth) {
    if (depth < depth_max && choose(4) > 0)
      call(lists[choose(lists.size())], depth);
    else
      out_ += "$l";
  }
  void dict(int depth) {
    if (depth < depth_max && choose(4) > 0)
      call(dicts[choose(dicts.size())], depth);
    else
      out_ += "$d";
  }
  void value(int depth) {
    switch (choose(4)) {
      case 0: text(depth); break;
      case 1: out_ += numbers[choose(numbers.size())]; break;
      case 2: list(depth); break;
      default: dict(depth); break;
    }
  }
  void call(const Function& function, int depth) {
    out_ += '(';
    out_ += function.name;
    for (const char kind : function.takes) {
      out_ += ' ';
      if (kind == 'n') out_ += numbers[choose(numbers.size())];
      if (kind == 't') text(depth + 1);
      if (kind == 'l') list(depth + 1);
      if (kind == 'd') dict(depth + 1);
      if (kind == 'v') value(depth + 1);
    }
    out_ += ')';
  }

  const std::uint8_t* data_;
  std::size_t left_;
  std::string out_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // RE2 takes memory of its own, and code that runs for the first time makes tables.
  constexpr std::size_t uncounted_bytes_max = std::size_t{12} * 1024 * 1024;
  const auto program = Writer(data, size).program();
  tmpl::RunOptions options;
  options.limits.steps_max = 20'000;
  options.limits.output_bytes_max = 256 * 1024;
  options.limits.memory_bytes_max = 4 * 1024 * 1024;
  options.limits.value_bytes_max = 1024 * 1024;
  options.limits.list_items_max = 20'000;
  tmpl::Items items;
  items["text"] = SecretBuffer::copy_of(std::string_view("alpha, beta\xFF\n"));

  const test::AllocationMeter meter;
  tmpl::Session session(items, options);
  auto parsed = session.parse("t", program);
  FUZZ_CHECK(parsed.has_value());
  if (const auto output = session.run(std::move(*parsed)))
    FUZZ_CHECK(output->size() <= options.limits.output_bytes_max);
  FUZZ_CHECK(meter.peak_bytes() <= options.limits.memory_bytes_max + uncounted_bytes_max);
  return 0;
}
