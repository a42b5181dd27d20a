#include "signer/p256/inverse.h"

#include <gmp.h>

namespace rootkeep::p256 {
namespace {

constexpr int kMostSignificantFirst = 1;

// An integer of GMP's.
class Number {
 public:
  Number() { mpz_init2(value_, 512); }
  ~Number() { mpz_clear(value_); }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;

  mpz_ptr get() { return value_; }

 private:
  mpz_t value_;
};

// What an inverse is computed in. One a thread, so that no call allocates.
struct InverseMemory {
  InverseMemory() { mpz_set_str(order.get(), "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16); }

  Number order, scalar, inverse;
};

}  // namespace

Octets InverseModOrder(ByteView scalar) {
  static thread_local InverseMemory work;
  mpz_import(work.scalar.get(), scalar.size(), kMostSignificantFirst, 1, 0, 0, scalar.data());
  Octets octets{};
  if (mpz_invert(work.inverse.get(), work.scalar.get(), work.order.get()) == 0) return octets;
  const std::size_t size = (mpz_sizeinbase(work.inverse.get(), 2) + 7) / 8;
  mpz_export(octets.data() + octets.size() - size, nullptr, kMostSignificantFirst, 1, 0, 0, work.inverse.get());
  return octets;
}

}  // namespace rootkeep::p256
