#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <set>
#include <string>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/fields.hpp"
#include "support/message.hpp"

using namespace bitlaw;
using bitlaw::test::holds;
using bitlaw::test::message_of;

namespace {

enum class Colour : std::uint8_t { red = 3, blue = 7 };

struct Inner {
    std::uint32_t depth = 5;
};

struct Thing {
    std::uint64_t size = 10;
    std::uint32_t small = 1;
    double rate = 0.5;
    Colour colour = Colour::red;
    bool loud = false;
    std::string name;
    Words files;
    Inner inner;
};

const Fields<Inner>& inner_fields() {
    static const Fields<Inner> fields{whole_field(&Inner::depth, {1, 9}, {.name = "depth"})};
    return fields;
}

const Fields<Thing>& fields() {
    static const Fields<Thing> list{
        whole_field(&Thing::size, {2, kAnyNumber}, {.name = "size", .old_names = {"length"}}),
        whole_field(&Thing::small, {}, {.name = "very_small"}),
        real_field(&Thing::rate, {0, 1}, {.name = "rate", .excludes = "colour"}),
        choice_field(&Thing::colour, {{"red", Colour::red}, {"blue", Colour::blue}}, {.name = "colour"}),
        flag_field(&Thing::loud, {.name = "loud"}),
        text_field(&Thing::name, {.name = "name"}),
        list_field(&Thing::files, {.name = "files", .may_repeat = true}),
        lifted(inner_fields().front(), &Thing::inner),
    };
    return list;
}

std::string refusal(const std::string& text) {
    Thing thing;
    std::set<std::string> given;
    return message_of<UsageError>(
        [&] { read_settings(parse_settings(text, "f"), "f", bound(fields(), thing), given); });
}

}  // namespace

TEST_CASE("fields: a file of settings reads what it names, under old names and with - for _ too") {
    Thing thing;
    std::set<std::string> given;
    read_settings(parse_settings("length = 16K\nvery-small = 7\nrate = 1e-3\nloud = true\nname = 'a b'\n"
                                 "files = x 'y z'\ndepth = 9\n",
                                 "f"),
                  "f", bound(fields(), thing), given);
    CHECK(thing.size == 16'000);
    CHECK(thing.small == 7);
    CHECK(thing.rate == 1e-3);
    CHECK(thing.loud);
    CHECK(thing.name == "a b");
    CHECK(thing.files == Words{"x", "y z"});
    CHECK(thing.inner.depth == 9);
    CHECK(given.contains("size"));
    CHECK_FALSE(given.contains("colour"));
    // What was given elsewhere counts first, and keeps out what it excludes.
    given = {"size", "colour"};
    read_settings(parse_settings("size = 3\nrate = 1\nname = c\n", "f"), "f", bound(fields(), thing), given);
    CHECK(thing.size == 16'000);
    CHECK(thing.rate == 1e-3);
    CHECK(thing.name == "c");
}

TEST_CASE("fields: what is written is read again, at every end of the range") {
    for (const std::uint64_t size : {std::uint64_t{2}, kAnyNumber}) {
        for (const double rate : {0.0, 1.0, std::numeric_limits<double>::denorm_min(), 0.1}) {
            Thing thing{.size = size,
                        .small = std::numeric_limits<std::uint32_t>::max(),
                        .rate = rate,
                        .colour = Colour::blue,
                        .loud = true,
                        .name = "#\n\xff",
                        .files = {"a", "'", "[b]"},
                        .inner = {.depth = 1}};
            Thing read;
            std::string text;
            for (const Field<Thing>& field : fields()) {
                text += setting_line(field.info.name, field.write(thing));
            }
            std::set<std::string> given;
            read_settings(parse_settings(text, "f"), "f", bound(fields(), read), given);
            for (const Field<Thing>& field : fields()) {
                CAPTURE(field.info.name);
                CHECK(field.write(read) == field.write(thing));
            }
            CHECK_NOTHROW(check_fields(fields(), thing));
        }
    }
}

TEST_CASE("fields: what is out of range is refused with range, file and line") {
    CHECK(refusal("\nsize = 1") == "f:2: size: '1' must lie in 2 .. 18446744073709551615");
    CHECK(holds(refusal("size = 18446744073709551616"), "is too large"));
    CHECK(holds(refusal("size = 99999999999999999999G"), "is too large"));
    CHECK(holds(refusal("size = -1"), "'-1' is not a size"));
    CHECK(holds(refusal("size = ''"), "'' is not a size"));
    CHECK(holds(refusal("size = 1 2"), "one value is needed, not 2"));
    CHECK(holds(refusal("very_small = 4294967296"), "must lie in 0 .. 4294967295"));
    for (const char* rate : {"1.1", "-1e-9", "nan", "inf", "1e999", "0,5", "''", "0x1"}) {
        CAPTURE(rate);
        CHECK(holds(refusal(std::string("rate = ") + rate), "must be a number in 0 .. 1"));
    }
    CHECK(holds(refusal("colour = green"), "'green' is not known; choose red or blue"));
    CHECK(holds(refusal("loud = yes"), "'yes' must be true, false"));
    CHECK(holds(refusal("name = ''"), "the name is empty"));
    CHECK(holds(refusal("files = a ''"), "the name is empty"));
    CHECK(holds(refusal("depth = 10"), "depth: '10' must lie in 1 .. 9"));
    CHECK(holds(refusal("size = 3\nlength = 4"), "f:2: length is given before, in line 1"));
    CHECK(holds(refusal("weight = 3"), "there is no key 'weight'; known are size, very_small, rate"));
    CHECK(refusal("files = a\nfiles = b").empty());
}

TEST_CASE("fields: values that did not come as words are checked too") {
    const auto refused = [](auto change) {
        Thing thing;
        change(thing);
        return message_of<UsageError>([&] { check_fields(fields(), thing); });
    };
    CHECK(refused([](Thing&) {}).empty());
    CHECK(refused([](Thing& t) { t.size = 0; }) == "size is 0, but must lie in 2 .. 18446744073709551615");
    CHECK(holds(refused([](Thing& t) { t.rate = std::numeric_limits<double>::quiet_NaN(); }), "rate is nan"));
    CHECK(holds(refused([](Thing& t) { t.colour = Colour{9}; }), "colour is 9, but must be red or blue"));
    CHECK(holds(refused([](Thing& t) { t.inner.depth = 0; }), "depth is 0, but must lie in 1 .. 9"));
}
