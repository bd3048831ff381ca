# A method for every kind of conversion that foo.capnp has none for.

@0xe102a54b33a43a21;

using Proxy = import "/mp/proxy.capnp";
using Base = import "foo_base.capnp";
$Proxy.includeTypes("foo_kinds_types");

const maxMoney :Int64 = 2100000000000000;
const maxDouble :Float64 = inf;
const greeting :Text = "it's \"here\"";
const magic :Data = 0x"00ff";
const enabled :Bool = true;
const primes :List(UInt8) = [2, 3, 5];
const warm :Color = red;
const origin :Point = (x = 1);

interface Kinds $Proxy.wrap("foo_kinds.Kinds") {
    construct @0 (threadMap :Proxy.ThreadMap) -> (threadMap :Proxy.ThreadMap);

    # Several Python parameters in one.
    slice @1 (data :Data, range :Range, step :Int32 = 1) -> (result :Data);
    repeat @2 (what :Text $Proxy.count(2), loud :Bool) -> (result :Text);
    passBox @3 (box :Box) -> (result :Box);
    sumUp @4 (context :Proxy.Context, add :Adder, start :Int32) -> (result :Int32);

    # Time.
    passTimes @5 (seconds :Int32, millis :UInt64, nanos :Int64, exact :Float64) -> (seconds :Int32, millis :UInt64, nanos :Int64, exact :Float64);
    passInstant @6 (instant :Int64) -> (result :Int64);

    # Enumerations.
    passColors @7 (color :Color, number :Int8, plain :UInt8, name :Text) -> (color :Color, number :Int8, plain :UInt8, name :Text);
    passColorList @8 (colors :List(Color)) -> (result :List(Color));

    # Containers.
    passNothing @9 (nothing :Void) -> (result :Void);
    countNothings @10 (nothings :List(Void)) -> (result :Int32);
    passMatrix @11 (matrix :List(List(Int32)), names :List(List(List(Text)))) -> (matrix :List(List(Int32)), names :List(List(List(Text))));
    passTree @12 (tree :Tree) -> (result :Tree);
    passNested @13 (dicts :List(NamedDict)) -> (result :List(NamedDict));
    passMaybe @14 (values :List(MaybePair), parts :PairOfMaybe) -> (values :List(MaybePair), parts :PairOfMaybe);
    passGeneric @15 (point :Pair(Text, Point), deep :Pair(List(Int32), Pair(Text, Data))) -> (point :Pair(Text, Point), deep :Pair(List(Int32), Pair(Text, Data)));
    passBuffers @16 (array :Data, view :Data) -> (array :Data, view :Data);
    passOthers @17 (queue :List(Int32), ordered :List(Pair(Text, Text)), frozen :List(Int32), txid :Data) -> (queue :List(Int32), ordered :List(Pair(Text, Text)), frozen :List(Int32), txid :Data);
    passOptionals @18 (text :Text, data :Data, numbers :List(Int32), hasFlag :Bool, flag :Bool, count :Int32, hasCount :Bool) -> (result :List(Bool));

    # Objects.
    callAll @19 (context :Proxy.Context, adders :List(Adder), byName :List(NamedAdder), maybe :List(MaybeAdder), one :Adder) -> (result :List(Int32));
    makeCounter @20 (context :Proxy.Context) -> (result :Counter);

    # Results.
    fail @21 (code :Int32) -> (base :Text $Proxy.exception("foo_kinds.BaseError"), derived :Text $Proxy.exception("foo_kinds.DerivedError"), code :Int32 $Proxy.exception("foo_kinds.CodeError"), hasCode :Bool);
    divide @22 (a :Int32, b :Int32, wantRest :Bool) -> (result :Int32, rest :Int32);
    passNames @23 (connection :Adder, wire :Int32, results :Int32, result :Int32) -> (result :Int32);
    passDefaults @24 (text :Text = "abc", numbers :List(Int32) = [1, 2], point :Point = (x = 7), settings :Settings, pair :Span = (first = 3)) -> (text :Text, numbers :List(Int32), point :Point, settings :Settings, pair :Span);
    passKeywordOnly @25 (settings :Settings, range :Range) -> (result :Int32);

    passNote @26 (note :Text) -> (result :Text);
    measure @27 (data :Data, maybe :Data) -> (length :Int32, hash :Data, note :Text);
    ignore @28 (a :Int32 $Proxy.count(0), b :Unused, c :UnusedToo, d :Int32) -> (result :Int32);

    passBuiltins @29 (list :List(Int32), set :List(Text), int :Color) -> (list :List(Int32), set :List(Text), int :Color);

    passHooked @30 (span :Span, mark :Mark, marks :List(MaybeMark)) -> (span :Span, mark :Mark, marks :List(MaybeMark));

    interface Counter $Proxy.wrap("foo_kinds.Counter") {
        destroy @0 (context :Proxy.Context) -> ();
        next @1 (context :Proxy.Context, step :Step) -> (result :Int32);

        struct Step $Proxy.wrap("foo_kinds.Step") {
            const smallest :Int32 = -1;
            size @0 :Int32;
        }
    }
}

interface Adder $Proxy.wrap("Callable[[int, int], int]") {
    destroy @0 (context :Proxy.Context) -> ();
    call @1 (context :Proxy.Context, range :Range) -> (result :Int32);
}

interface Unused $Proxy.count(0) {}

struct UnusedToo $Proxy.count(0) {}

struct Range $Proxy.count(2) {
    start @0 :Int32;
    size @1 :Int32;
}

struct Span {
    first @0 :Int32;
    last @1 :Int32 = 9;
}

struct Mark {
    text @0 :Text;
}

struct MaybeMark {
    mark @0 :Mark;
}

struct Box $Proxy.wrap("foo_kinds.Box") {
    label @0 :Text;
    sides @1 :Range;
}

struct Point $Proxy.wrap("foo_kinds.Point") {
    x @0 :Int32 = -1;
    y @1 :Int32;
}

struct Settings $Proxy.wrap("foo_kinds.Settings") {
    base @0 :Base.Name;
    name @1 :Text = "unnamed";
    limit @2 :UInt64 = 4000;
    tags @3 :List(Text) = ["a"];
    comment @4 :Text;
}

struct Tree $Proxy.wrap("foo_kinds.Tree") {
    value @0 :Int32;
    children @1 :List(Tree);
}

enum Color {
    red @0;
    green @1;
}

struct Pair(T1, T2) {
    first @0 :T1;
    second @1 :T2;
}

struct NamedDict {
    name @0 :Text;
    items @1 :List(Item);

    struct Item {
        key @0 :Int32;
        value @1 :Point;
    }
}

struct MaybePair {
    value @0 :Span;
}

struct PairOfMaybe {
    first @0 :Int32;
    hasFirst @1 :Bool;
    second @2 :Point;
}

struct NamedAdder {
    name @0 :Text;
    adder @1 :Adder;
}

struct MaybeAdder {
    adder @0 :Adder;
}
