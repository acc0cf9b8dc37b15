// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace bulla::tmpl::go {

/// Whether an error may quote the text that it is about, as Go's errors do. Where it may not, the
/// text isn't copied into one at all: errors are ordinary strings, which nobody wipes.
enum class Quoting : bool { forbidden, allowed };

}  // namespace bulla::tmpl::go
