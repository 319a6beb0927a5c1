#pragma once
/// \file JSON read back: what bitlaw writes as JSON, and any other well-formed text of bounded depth.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bitlaw {

/// One value. A number keeps its text, so that 64-bit integers lose nothing.
class JsonValue {
   public:
    enum class Type { null, boolean, number, text, list, object };

    /// Reads a whole text; throws Error with `name` and the byte at which it is wrong.
    [[nodiscard]] static JsonValue parse(std::string_view text, const std::string& name);

    [[nodiscard]] Type type() const { return type_; }
    [[nodiscard]] bool is_null() const { return type_ == Type::null; }
    /// The member of an object; null when there is none or this is no object.
    [[nodiscard]] const JsonValue& operator[](std::string_view key) const;
    [[nodiscard]] const std::vector<JsonValue>& items() const { return items_; }

    /// The value, or `otherwise` when it is of another type or out of range.
    [[nodiscard]] std::string text_or(std::string otherwise) const;
    [[nodiscard]] std::uint64_t integer_or(std::uint64_t otherwise) const;
    [[nodiscard]] double number_or(double otherwise) const;  ///< finite
    [[nodiscard]] bool boolean_or(bool otherwise) const;

   private:
    friend class JsonParser;
    Type type_ = Type::null;
    std::string text_;  ///< of a text or a number; "true" of a boolean
    std::vector<std::string> keys_;
    std::vector<JsonValue> items_;  ///< of a list, or of an object beside keys_
};

}  // namespace bitlaw
