/* SPDX-License-Identifier: BSD-3-Clause */
/** \file number_fifths.h
 *  Reciprocals of powers of five.  Private to number.c.
 */
#ifndef HPO_DATA_NUMBER_FIFTHS_H
#define HPO_DATA_NUMBER_FIFTHS_H

#include <stdint.h>

enum { HPO_FIFTHS = 64 };

/** 1 / 5^(k+1): the upper and the lower half of floor(2^(127+b) / 5^(k+1)),
 *  b the bits of 5^(k+1); so the upper bit is set. */
static const uint64_t hpo_fifth[HPO_FIFTHS][2] = {
    {0xcccccccccccccccc, 0xcccccccccccccccc},
    {0xa3d70a3d70a3d70a, 0x3d70a3d70a3d70a3},
    {0x83126e978d4fdf3b, 0x645a1cac083126e9},
    {0xd1b71758e219652b, 0xd3c36113404ea4a8},
    {0xa7c5ac471b478423, 0x0fcf80dc33721d53},
    {0x8637bd05af6c69b5, 0xa63f9a49c2c1b10f},
    {0xd6bf94d5e57a42bc, 0x3d32907604691b4c},
    {0xabcc77118461cefc, 0xfdc20d2b36ba7c3d},
    {0x89705f4136b4a597, 0x31680a88f8953030},
    {0xdbe6fecebdedd5be, 0xb573440e5a884d1b},
    {0xafebff0bcb24aafe, 0xf78f69a51539d748},
    {0x8cbccc096f5088cb, 0xf93f87b7442e45d3},
    {0xe12e13424bb40e13, 0x2865a5f206b06fb9},
    {0xb424dc35095cd80f, 0x538484c19ef38c94},
    {0x901d7cf73ab0acd9, 0x0f9d37014bf60a10},
    {0xe69594bec44de15b, 0x4c2ebe687989a9b3},
    {0xb877aa3236a4b449, 0x09befeb9fad487c2},
    {0x9392ee8e921d5d07, 0x3aff322e62439fcf},
    {0xec1e4a7db69561a5, 0x2b31e9e3d06c32e5},
    {0xbce5086492111aea, 0x88f4bb1ca6bcf584},
    {0x971da05074da7bee, 0xd3f6fc16ebca5e03},
    {0xf1c90080baf72cb1, 0x5324c68b12dd6338},
    {0xc16d9a0095928a27, 0x75b7053c0f178293},
    {0x9abe14cd44753b52, 0xc4926a9672793542},
    {0xf79687aed3eec551, 0x3a83ddbd83f52204},
    {0xc612062576589dda, 0x95364afe032a819d},
    {0x9e74d1b791e07e48, 0x775ea264cf55347d},
    {0xfd87b5f28300ca0d, 0x8bca9d6e188853fc},
    {0xcad2f7f5359a3b3e, 0x096ee45813a04330},
    {0xa2425ff75e14fc31, 0xa1258379a94d028d},
    {0x81ceb32c4b43fcf4, 0x80eacf948770ced7},
    {0xcfb11ead453994ba, 0x67de18eda5814af2},
    {0xa6274bbdd0fadd61, 0xecb1ad8aeacdd58e},
    {0x84ec3c97da624ab4, 0xbd5af13bef0b113e},
    {0xd4ad2dbfc3d07787, 0x955e4ec64b44e864},
    {0xaa242499697392d2, 0xdde50bd1d5d0b9e9},
    {0x881cea14545c7575, 0x7e50d64177da2e54},
    {0xd9c7dced53c72255, 0x96e7bd358c904a21},
    {0xae397d8aa96c1b77, 0xabec975e0a0d081a},
    {0x8b61313bbabce2c6, 0x2323ac4b3b3da015},
    {0xdf01e85f912e37a3, 0x6b6c46dec52f6688},
    {0xb267ed1940f1c61c, 0x55f038b237591ed3},
    {0x8eb98a7a9a5b04e3, 0x77f3608e92adb242},
    {0xe45c10c42a2b3b05, 0x8cb89a7db77c506a},
    {0xb6b00d69bb55c8d1, 0x3d607b97c5fd0d22},
    {0x9226712162ab070d, 0xcab3961304ca70e8},
    {0xe9d71b689dde71af, 0xaab8f01e6e10b4a6},
    {0xbb127c53b17ec159, 0x5560c018580d5d52},
    {0x95a8637627989aad, 0xdde7001379a44aa8},
    {0xef73d256a5c0f77c, 0x963e66858f6d4440},
    {0xbf8fdb78849a5f96, 0xde98520472bdd033},
    {0x993fe2c6d07b7fab, 0xe546a8038efe4029},
    {0xf53304714d9265df, 0xd53dd99f4b3066a8},
    {0xc428d05aa4751e4c, 0xaa97e14c3c26b886},
    {0x9ced737bb6c4183d, 0x55464dd69685606b},
    {0xfb158592be068d2e, 0xeed6e2f0f0d56712},
    {0xc8de047564d20a8b, 0xf245825a5a445275},
    {0xa0b19d2ab70e6ed6, 0x5b6aceaeae9d0ec4},
    {0x808e17555f3ebf11, 0xe2bbd88bbee40bd0},
    {0xcdb02555653131b6, 0x3792f412cb06794d},
    {0xa48ceaaab75a8e2b, 0x5fa8c3423c052dd7},
    {0x83a3eeeef9153e89, 0x1953cf68300424ac},
    {0xd29fe4b18e88640e, 0x8eec7f0d19a03aad},
    {0xa87fea27a539e9a5, 0x3f2398d747b36224}};

#endif
