// Points of P-256, eight at a time, in Jacobian coordinates: x = X / Z^2, y = Y / Z^3.
//
// The formulas are those of the Explicit-Formulas Database for a = -3. They fail where a sum's two points are equal,
// opposite, or one is at infinity; then Z becomes zero, and stays it whatever is done afterwards. So one look at the
// last Z tells whether any step was such a case.
#pragma once

#include "signer/p256/lanes/field.h"

namespace rootkeep::p256::lanes {

struct Affine {
  Field x, y;
};

struct Point {
  Field x, y, z;
};

// dbl-2001-b.
RK_LANES Point Double(const Point& p) {
  const Field delta = Square(p.z);
  const Field gamma = Square(p.y);
  const Field beta = Times(p.x, gamma);
  const Loose less = Minus(p.x, delta);
  const Field alpha = Times(Settle(Plus(Plus(less, less), less)), Settle(Plus(p.x, delta)));
  const Field yz = Times(p.y, p.z);
  const Loose beta4 = Shifted(beta, 2);
  Point r;
  r.x = Settle(Minus(Square(alpha), Plus(beta4, beta4)));
  r.z = Settle(Plus(yz, yz));
  r.y = Settle(Minus(Times(alpha, Settle(Minus(beta4, r.x))), Shifted(Square(gamma), 3)));
  return r;
}

// What addition does once both points have `z` as their common denominator: `a` and `b` are their numerators.
RK_LANES Point Sum(const Affine& a, const Affine& b, const Field& z) {
  const Field h = Settle(Minus(b.x, a.x));
  const Field r = Settle(Minus(b.y, a.y));
  const Field h2 = Square(h);
  const Field h3 = Times(h2, h);
  const Field v = Times(a.x, h2);
  Point sum;
  sum.x = Settle(Minus(Minus(Square(r), h3), Plus(v, v)));
  sum.y = Settle(Minus(Times(r, Settle(Minus(v, sum.x))), Times(a.y, h3)));
  sum.z = Times(h, z);
  return sum;
}

// add-1998-cmo-2.
RK_LANES Point Add(const Point& a, const Point& b) {
  const Field az2 = Square(a.z);
  const Field bz2 = Square(b.z);
  const Affine u = {Times(a.x, bz2), Times(a.y, Times(bz2, b.z))};
  const Affine v = {Times(b.x, az2), Times(b.y, Times(az2, a.z))};
  return Sum(u, v, Times(a.z, b.z));
}

// The same where b's Z is one.
RK_LANES Point Add(const Point& a, const Affine& b) {
  const Field z2 = Square(a.z);
  return Sum({a.x, a.y}, {Times(b.x, z2), Times(b.y, Times(z2, a.z))}, a.z);
}

// -y where `lanes` is all ones.
RK_LANES Field NegatedWhere(Vector lanes, const Field& y) { return Select(lanes, y, Settle(Minus(Field{}, y))); }

}  // namespace rootkeep::p256::lanes
