#include "bitlaw/coding/method_table.hpp"

#include <algorithm>
#include <array>

#include "bitlaw/base/error.hpp"
#include "methods/methods.hpp"

namespace bitlaw::coding {

bool BlockCoder::trace(ByteSpan, const ByteVisit&, const BlockProgress&) {
    fail("this way of coding cannot say what each byte costs; choose a network, learning or mixing");
}

predict::Predictor& BlockCoder::predictor(ByteSpan) {
    fail("this way of coding has no predictor of its own; choose a network, learning or mixing");
}

std::span<const Method> methods() {
    static const std::array table{stored_method(), network_method(), seven_contexts_method(), mixing_method(),
                                  learning_method()};
    return table;
}

const Method* find_method(std::span<const Method> table, MethodId id, std::uint8_t version) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const Method& method) {
        return method.id == id && method.version <= version;
    });
    return found == table.end() ? nullptr : &*found;
}

}  // namespace bitlaw::coding
