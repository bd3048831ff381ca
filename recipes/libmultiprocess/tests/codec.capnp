# Every kind of field, for the tests of the encoding.

@0xd5b6a0c5a9b0f7e1;

enum Color {
    red @0;
    green @1;
    blue @2;
}

struct Everything {
    nothing @0 :Void;
    yes @1 :Bool;
    i8 @2 :Int8;
    i16 @3 :Int16;
    i32 @4 :Int32;
    i64 @5 :Int64;
    u8 @6 :UInt8;
    u16 @7 :UInt16;
    u32 @8 :UInt32;
    u64 @9 :UInt64;
    f32 @10 :Float32;
    f64 @11 :Float64;
    color @12 :Color;
    text @13 :Text;
    data @14 :Data;
    no @15 :Bool;
    inner @16 :Inner;
    bools @17 :List(Bool);
    i8s @18 :List(Int8);
    u16s @19 :List(UInt16);
    i32s @20 :List(Int32);
    u64s @21 :List(UInt64);
    f32s @22 :List(Float32);
    f64s @23 :List(Float64);
    colors @24 :List(Color);
    texts @25 :List(Text);
    datas @26 :List(Data);
    inners @27 :List(Inner);
    voids @28 :List(Void);
    matrix @29 :List(List(UInt8));
    pairs @30 :List(Pair(Text, Data));
    pair @31 :Pair(Text, List(Int16));
    deep @32 :List(List(Inner));
    empties @33 :List(Empty);
    recursive @34 :Everything;
}

struct Inner {
    number @0 :Int32;
    flag @1 :Bool;
    name @2 :Text;
}

struct Empty {
}

struct Pair(T1, T2) {
    first @0 :T1;
    second @1 :T2;
}

struct Defaults {
    yes @0 :Bool = true;
    no @1 :Bool = false;
    i8 @2 :Int8 = -3;
    u16 @3 :UInt16 = 65535;
    i32 @4 :Int32 = -2147483648;
    u64 @5 :UInt64 = 18446744073709551615;
    f32 @6 :Float32 = 1.5;
    f64 @7 :Float64 = -0.0;
    color @8 :Color = blue;
    text @9 :Text = "default";
    data @10 :Data = 0x"00ff";
}

struct Old {
    number @0 :Int32;
    name @1 :Text;
}

struct New {
    number @0 :Int32;
    name @1 :Text;
    flag @2 :Bool;
    wide @3 :Int64 = 7;
    more @4 :List(Text);
    set @5 :UInt8 = 5;
}

struct OldLists {
    numbers @0 :List(UInt16);
    texts @1 :List(Text);
    structs @2 :List(Old);
    bytes @3 :List(UInt8);
    bools @4 :List(Bool);
}

struct NewLists {
    numbers @0 :List(Number);
    texts @1 :List(Label);
    structs @2 :List(New);
    bytes @3 :List(Byte);
    bools @4 :List(Number);
}

struct Number {
    value @0 :UInt16;
    more @1 :Text;
}

struct Label {
    value @0 :Text;
    more @1 :Int64;
}

struct Byte {
    value @0 :UInt8;
    more @1 :UInt32;
}
