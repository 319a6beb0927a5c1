#pragma once
/// \file The text of what a piece of code throws, so that a test can ask what it says.

#include <string>
#include <typeinfo>

namespace bitlaw::test {

/// Runs `work`; returns the text of the exception of exactly type E, and "" when nothing is thrown. Other
/// exceptions pass through, derived ones too, because they mean another exit code.
template <class E, class Work>
[[nodiscard]] std::string message_of(Work&& work) {
    try {
        work();
    } catch (const E& error) {
        if (typeid(error) != typeid(E)) {
            throw;
        }
        return error.what();
    }
    return {};
}

/// True when `text` holds `part`.
[[nodiscard]] inline bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace bitlaw::test
