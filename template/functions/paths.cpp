// SPDX-License-Identifier: Apache-2.0
#include "template/functions/common.hpp"
#include "template/go/path.hpp"

namespace bulla::tmpl {
namespace {

Result<Value> base(Context&, Arguments arguments) {
  return Value::string(go::path_base(arguments[0].as_text()));
}
Result<Value> clean(Context&, Arguments arguments) {
  return Value::string(go::path_clean(arguments[0].as_text()));
}
Result<Value> dir(Context&, Arguments arguments) {
  return Value::string(go::path_dir(arguments[0].as_text()));
}
Result<Value> ext(Context&, Arguments arguments) {
  return Value::string(go::path_ext(arguments[0].as_text()));
}
Result<Value> is_abs(Context&, Arguments arguments) {
  return Value::boolean(arguments[0].as_text().starts_with('/'));
}

// The system's paths are slashed ones too.
constexpr Function table[] = {
    {"base", {Type::string}, base},     {"clean", {Type::string}, clean},
    {"dir", {Type::string}, dir},       {"ext", {Type::string}, ext},
    {"isAbs", {Type::string}, is_abs},  {"osBase", {Type::string}, base},
    {"osClean", {Type::string}, clean}, {"osDir", {Type::string}, dir},
    {"osExt", {Type::string}, ext},     {"osIsAbs", {Type::string}, is_abs},
};

}  // namespace

std::span<const Function> path_functions() noexcept { return table; }

}  // namespace bulla::tmpl
