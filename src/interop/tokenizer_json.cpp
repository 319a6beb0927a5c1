#include "bitlaw/interop/tokenizer_json.hpp"

#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/interop/llama2c.hpp"
#include "foreign_json.hpp"

namespace bitlaw::interop {

using Json = nlohmann::json;
using namespace symbols;

namespace {

// GPT-2's letters for bytes: printable ones stand for themselves, the others for characters from 256 on.
std::unordered_map<std::uint32_t, std::uint8_t> byte_letters() {
    std::unordered_map<std::uint32_t, std::uint8_t> letters;
    std::uint32_t next = 256;
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
        letters.emplace(printable ? byte : next++, static_cast<std::uint8_t>(byte));
    }
    return letters;
}

// The character at `at` of UTF-8 that the JSON library has checked, which moves on behind it.
std::uint32_t next_character(const std::string& text, std::size_t& at) {
    const auto first = static_cast<std::uint8_t>(text[at++]);
    const int more = first < 0xC0 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    std::uint32_t character = more == 0 ? first : first & (0x3FU >> more);
    for (int i = 0; i < more && at < text.size(); ++i) {
        character = character << 6 | (static_cast<std::uint8_t>(text[at++]) & 0x3FU);
    }
    return character;
}

Bytes bytes_of_letters(const std::string& token, const std::string& name) {
    static const auto letters = byte_letters();
    Bytes bytes;
    for (std::size_t at = 0; at < token.size();) {
        const auto found = letters.find(next_character(token, at));
        if (found == letters.end()) {
            fail(name, " has the token '", token, "', which stands for no bytes");
        }
        bytes.push_back(found->second);
    }
    return bytes;
}

Bytes bytes_of_characters(const std::string& token) {
    if (const int byte = byte_of_token(token); byte >= 0) {
        return {static_cast<std::uint8_t>(byte)};
    }
    constexpr std::uint32_t kSpace = 0x2581;  // "lower one eighth block", SentencePiece's space
    Bytes bytes;
    for (std::size_t at = 0; at < token.size();) {
        const std::size_t before = at;
        if (next_character(token, at) == kSpace) {
            bytes.push_back(' ');
        } else {
            bytes.insert(bytes.end(), token.begin() + static_cast<std::ptrdiff_t>(before),
                         token.begin() + static_cast<std::ptrdiff_t>(at));
        }
    }
    return bytes;
}

TextCut cut_of(const std::string& pre_tokenizer) {
    const auto has = [&](const char* word) { return pre_tokenizer.find(word) != std::string::npos; };
    return !has("ByteLevel")   ? TextCut::none
           : has("{1,3}")      ? TextCut::triples
           : has("\"Digits\"") ? TextCut::digits
                               : TextCut::words;
}

// "a b", or ["a", "b"] of newer files.
std::optional<std::pair<std::string, std::string>> pair_of(const Json& merge) {
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
        return std::pair(merge[0].get<std::string>(), merge[1].get<std::string>());
    }
    const std::string text = merge.is_string() ? merge.get<std::string>() : "";
    const std::size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
        return {};
    }
    return std::pair(text.substr(0, space), text.substr(space + 1));
}

}  // namespace

ForeignVocabulary read_tokenizer_json(std::string_view text, const std::string& name) {
    const Json root = parse_foreign_json(text, name);
    const Json& model = foreign_member(root, "model");
    const Json& vocabulary = foreign_member(model, "vocab");
    const Json& merges = foreign_member(model, "merges");
    if (!vocabulary.is_object() || !merges.is_array()) {
        fail(name, " is no byte-pair encoding; only such tokenizers can be read");
    }
    ForeignVocabulary foreign;
    foreign.cut = cut_of(foreign_member(root, "pre_tokenizer").dump());
    const bool letters = foreign.cut != TextCut::none;
    foreign.leading_space = !letters;
    const auto number_of = [&](const Json& id, const std::string& token) {
        if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= kMaxVocabulary) {
            fail(name, " gives the token '", token, "' no number below ", kMaxVocabulary);
        }
        const auto number = id.get<Symbol>();
        if (number >= foreign.tokens.size()) {
            foreign.tokens.resize(number + 1);
        }
        return number;
    };
    std::unordered_map<std::string, Symbol> numbers;
    for (const auto& [token, id] : vocabulary.items()) {
        const Symbol number = number_of(id, token);
        if (!foreign.tokens[number].empty()) {
            fail(name, " gives two tokens the number ", number);
        }
        numbers.emplace(token, number);
        foreign.tokens[number] = letters ? bytes_of_letters(token, name) : bytes_of_characters(token);
    }
    const Json& added = foreign_member(root, "added_tokens");
    for (const Json& token : added.is_array() ? added : Json::array()) {
        foreign.tokens[number_of(foreign_member(token, "id"), "added")].clear();
    }
    for (const Json& merge : merges) {
        const auto pair = pair_of(merge);
        const auto left = pair ? numbers.find(pair->first) : numbers.end();
        const auto right = pair ? numbers.find(pair->second) : numbers.end();
        if (left == numbers.end() || right == numbers.end()) {
            fail(name, " has the merge ", merge.dump(), ", whose tokens it has not");
        }
        foreign.merges.push_back({left->second, right->second});
    }
    return foreign;
}

}  // namespace bitlaw::interop
