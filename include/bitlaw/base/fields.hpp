#pragma once
/// \file An option of a struct, described once: name, range, help and default, how it is read and written.
/// Command line, files of settings, records, run.json, `info` and checks all follow from the table.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/settings.hpp"
#include "bitlaw/base/text.hpp"

namespace bitlaw {

using Words = std::vector<std::string>;

inline constexpr std::uint64_t kAnyNumber = std::numeric_limits<std::uint64_t>::max();

/// Whole numbers min .. max.
struct WholeRange {
    std::uint64_t min = 0;
    std::uint64_t max = kAnyNumber;
};

/// Real numbers min .. max.
struct RealRange {
    double min;
    double max;
};

/// The value of a word; whole numbers as parse_size reads them. Throws UsageError, without a name in front,
/// for what is no number of the range.
[[nodiscard]] std::uint64_t whole_value(const std::string& word, const WholeRange& range);
[[nodiscard]] double real_value(const std::string& word, const RealRange& range);
/// "true", "false", or how often a flag was given.
[[nodiscard]] std::uint64_t flag_value(const std::string& word);
/// The only word, the only one that is not empty, or all of them when none is empty; throws UsageError.
[[nodiscard]] const std::string& only_word(const Words& words);
[[nodiscard]] const std::string& only_name(const Words& words);
[[nodiscard]] const Words& only_names(const Words& words);
/// Throws UsageError, "must lie in .. ..", for a value outside of the range.
void require_in(const WholeRange& range, std::uint64_t value);
void require_in(const RealRange& range, double value);
/// "a, b or c", to choose from.
[[nodiscard]] std::string choice_text(const Words& names);

enum class FieldKind { flag, whole, real, choice, text, list };

/// What is said of an option, whatever struct holds it.
struct FieldInfo {
    std::string name;                ///< words joined by _, as in files; by - on the command line
    std::string help = {};           ///< one line; empty: no option of the command line
    std::string label = {};          ///< for people; empty: the name with blanks
    std::string shown_default = {};  ///< in the help; empty: the value itself unless it is 0, false or empty
    std::string type = {};           ///< of its value, in the help; empty: as the kind has it
    std::string group = {};          ///< heading in the help
    std::string letter = {};         ///< "-o"
    Words old_names = {};            ///< read for ever, neither shown nor written
    std::string excludes = {};       ///< name of the field that may not be given beside it
    std::string record = {};         ///< name in records of what decides bits; empty: it decides none
    bool is_schedule = false;        ///< decides bits of the steps to come only: a resumed run may change it
    bool may_repeat = false;         ///< a file of settings may hold it several times
    bool is_required = false;
    bool is_hidden = false;
    bool is_of_process = false;  ///< no part of what a run leaves as its options

    [[nodiscard]] std::string shown_label() const;
    /// Its name or an old one, with - or _ between words.
    [[nodiscard]] bool is_named(std::string_view name) const;
};

/// A field of T: a member, or what several make together. A function that is empty: there is no such thing.
template <class T>
struct Field {
    FieldInfo info;
    FieldKind kind;
    std::function<void(T&, const Words&)> read;  ///< throws UsageError without the name
    std::function<Words(const T&)> write;        ///< what read() takes; none: nothing to write
    std::function<void(const T&)> check;         ///< throws UsageError without the name
    /// A flag, choice or whole number as a number and back, unchecked: for fixed layouts.
    std::function<std::uint64_t(const T&)> number;
    std::function<void(T&, std::uint64_t)> set_number;
};

template <class T>
using Fields = std::vector<Field<T>>;

/// A field with the struct that it belongs to.
struct BoundField {
    FieldInfo info;
    FieldKind kind;
    std::function<void(const Words&)> read;
    Words value;  ///< when it was bound
};

/// The table's fields that can be read, for `t`; both must outlive the result.
template <class T>
[[nodiscard]] std::vector<BoundField> bound(const Fields<T>& fields, T& t) {
    std::vector<BoundField> list;
    for (const Field<T>& field : fields) {
        if (field.read) {
            list.push_back({field.info, field.kind,
                            [&field, &t](const Words& words) { field.read(t, words); },
                            field.write ? field.write(t) : Words{}});
        }
    }
    return list;
}

/// Reads settings into the fields that they name, but for those that `given` names, which count first, and
/// adds their names to it. Throws UsageError with `file` and line for what is unknown, given twice or wrong.
void read_settings(const std::vector<Setting>& settings, const std::string& file,
                   const std::vector<BoundField>& fields, std::set<std::string>& given);

/// Throws UsageError naming the first field whose value is out of range.
template <class T>
void check_fields(const Fields<T>& fields, const T& t) {
    for (const Field<T>& field : fields) {
        if (field.check) {
            try {
                field.check(t);
            } catch (const UsageError& error) {
                const Words words = field.write ? field.write(t) : Words{};
                fail_usage(field.info.name, " is ", words.empty() ? "missing" : words.front(), ", but ",
                           error.what());
            }
        }
    }
}

/// A field of a member of T as a field of T.
template <class T, class U>
[[nodiscard]] Field<T> lifted(const Field<U>& field, U T::*member) {
    Field<T> result{field.info, field.kind, {}, {}, {}, {}, {}};
    if (field.read) {
        result.read = [=](T& t, const Words& words) { field.read(t.*member, words); };
    }
    if (field.write) {
        result.write = [=](const T& t) { return field.write(t.*member); };
    }
    if (field.check) {
        result.check = [=](const T& t) { field.check(t.*member); };
    }
    return result;
}

template <class T, class Number>
[[nodiscard]] Field<T> whole_field(Number T::*member, WholeRange range, FieldInfo info) {
    range.max = std::min<std::uint64_t>(range.max, std::numeric_limits<Number>::max());
    return {std::move(info),
            FieldKind::whole,
            [=](T& t, const Words& words) {
                t.*member = static_cast<Number>(whole_value(only_word(words), range));
            },
            [=](const T& t) { return Words{std::to_string(t.*member)}; },
            [=](const T& t) { require_in(range, t.*member); },
            [=](const T& t) { return std::uint64_t{t.*member}; },
            [=](T& t, std::uint64_t number) { t.*member = static_cast<Number>(number); }};
}

template <class T>
[[nodiscard]] Field<T> real_field(double T::*member, RealRange range, FieldInfo info) {
    return {std::move(info),
            FieldKind::real,
            [=](T& t, const Words& words) { t.*member = real_value(only_word(words), range); },
            [=](const T& t) { return Words{exact_text(t.*member)}; },
            [=](const T& t) { require_in(range, t.*member); },
            {},
            {}};
}

template <class Enum>
using Names = std::vector<std::pair<const char*, Enum>>;

/// The value of a name; throws UsageError with all names when it is none of them.
template <class Enum>
[[nodiscard]] Enum named_value(const Names<Enum>& names, const std::string& word) {
    Words known;
    for (const auto& [name, value] : names) {
        if (word == name) {
            return value;
        }
        known.emplace_back(name);
    }
    fail_usage("'", word, "' is not known; choose ", choice_text(known));
}

/// One of some names.
template <class T, class Enum>
[[nodiscard]] Field<T> choice_field(Enum T::*member, Names<Enum> names, FieldInfo info) {
    Words words;
    for (const auto& [name, value] : names) {
        words.emplace_back(name);
    }
    const std::string list = choice_text(words);
    const auto name_of = [names](Enum value) {
        const auto found = std::find_if(names.begin(), names.end(),
                                        [&](const auto& known) { return known.second == value; });
        return found == names.end() ? std::to_string(static_cast<unsigned>(value)) : found->first;
    };
    return {std::move(info),
            FieldKind::choice,
            [=](T& t, const Words& given) { t.*member = named_value(names, only_word(given)); },
            [=](const T& t) { return Words{name_of(t.*member)}; },
            [=](const T& t) {
                if (std::none_of(names.begin(), names.end(),
                                 [&](const auto& known) { return known.second == t.*member; })) {
                    fail_usage("must be ", list, "; a file with another needs a newer bitlaw or is damaged");
                }
            },
            [=](const T& t) { return static_cast<std::uint64_t>(t.*member); },
            [=](T& t, std::uint64_t number) { t.*member = static_cast<Enum>(number); }};
}

template <class T>
[[nodiscard]] Field<T> flag_field(bool T::*member, FieldInfo info) {
    return {std::move(info),
            FieldKind::flag,
            [=](T& t, const Words& words) { t.*member = flag_value(only_word(words)) != 0; },
            [=](const T& t) { return Words{t.*member ? "true" : "false"}; },
            {},
            {},
            {}};
}

/// A name, which may not be empty.
template <class T, class Text>
[[nodiscard]] Field<T> text_field(Text T::*member, FieldInfo info) {
    return {std::move(info),
            FieldKind::text,
            [=](T& t, const Words& words) { t.*member = only_name(words); },
            [=](const T& t) {
                const std::string text = t.*member;
                return text.empty() ? Words{} : Words{text};
            },
            {},
            {},
            {}};
}

template <class T>
[[nodiscard]] Field<T> list_field(Words T::*member, FieldInfo info) {
    return {std::move(info),
            FieldKind::list,
            [=](T& t, const Words& words) { t.*member = only_names(words); },
            [=](const T& t) { return t.*member; },
            {},
            {},
            {}};
}

}  // namespace bitlaw
