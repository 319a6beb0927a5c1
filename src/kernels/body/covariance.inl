// Sums of products over lanes of 64 bits. The including file defines Longs: kWidth lanes with load, store,
// widened(from 32 bits), all(x), and plus_product(a, b) = sum + a * b of the lanes' lower halves.

void covariance_sums(const std::int32_t* x, std::size_t count, std::size_t n, std::size_t ld,
                     std::int64_t* sums) {
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t columns = (i / kCovarianceLanes + 1) * kCovarianceLanes;
        for (std::size_t j = 0; j < columns; j += Longs::kWidth) {
            Longs sum = Longs::load(sums + i * ld + j);
            for (std::size_t t = 0; t < count; ++t) {
                sum = sum.plus_product(Longs::all(x[t * ld + i]), Longs::widened(x + t * ld + j));
            }
            sum.store(sums + i * ld + j);
        }
    }
}
