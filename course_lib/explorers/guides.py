"""What each explorer asks of a student: one sentence to start with, a tour that predicts before it shows, presets.

Words only; the explorers read their own entry. A test moves every explorer through its tour, and where a text names a
number, another asks the explorer for it.
"""

from course_lib.explorers.machinery.guide import Guide, Step

TRANSPOSED = {"method": "transposed convolution"}
HARBOUR, VEHICLES = {"world": "harbour"}, {"world": "long vehicles"}
SEPARABLE = {"kind": "depthwise separable"}
POOLING = {"module": "pyramid pooling (PSPNet)"}

GUIDES = {
    "metrics": Guide(
        "Drag the prediction sideways, or up and down to grow and shrink things. Which score notices first?",
        [
            Step(
                "The prediction is the truth itself. How many pixels of shift does it take to lose a tenth of the "
                "pixel accuracy? And of the mean IoU?",
                {"shift": 2},
                "Two pixels cost an eighth of the pixel accuracy and almost half of the mean IoU. Large classes carry "
                "the accuracy; thin ones carry as much of the mean IoU as large ones.",
            ),
            Step(
                "Now let things shrink by two pixels on each side. Which score falls furthest?",
                {"shift": 0, "grow": -2},
                "The boundary IoU, which counts only pixels near an edge. Nine pixels in ten are still right.",
            ),
            Step(
                "Rough edges, nothing moved. Would you see it in the pixel accuracy?",
                {"shift": 0, "rough": 3},
                "It keeps 86 %, as if the prediction were shifted a little. The boundary IoU is at a third: papers on "
                "sharper edges report a score of the boundary for this reason.",
            ),
        ],
        {
            "perfect": {"shift": 0},
            "off by two": {"shift": 2},
            "too thin": {"shift": 0, "grow": -2},
            "rough": {"shift": 0, "rough": 3},
            "a rocket, two pixels off": {"picture": "a photograph", "shift": 2},
        },
    ),
    "sliding_classifier": Guide(
        "Click on the photograph to put the window there. Which parts does the classifier recognise as cat?",
        [
            Step(
                "ImageNet's classifier averages all cells of the picture. How sure is it that this is a cat?",
                {"window": "the whole picture"},
                "49 %. The mean includes the blanket and the background, and they say other words.",
            ),
            Step(
                "Now a window of one cell, slid over the whole picture. Nobody ever showed this network a mask. Where "
                "will it say cat?",
                {"window": "1 x 1 cell", "everywhere": True, "cell": [2, 2]},
                "On the ear, the striped fur and around the mouth: more than 99 % at most. The right edge and the "
                "corners say nearly nothing. A classifier has a heat map before anybody draws an outline.",
            ),
            Step(
                "And a window of 5 x 5 cells? Predict both: will it be surer, and will the outline be sharper?",
                {"window": "5 x 5 cells", "everywhere": True, "cell": [4, 6]},
                "Neither. It is 90 % sure at most, and the outline is gone: the mean of 25 cells does not say which of "
                "them saw the cat. FCN keeps the small cells and trains what they say.",
            ),
        ],
        {
            "one cell": {"window": "1 x 1 cell", "everywhere": True},
            "half grown": {"window": "1 x 1 cell", "cell": [4, 6]},
            "the classifier itself": {"window": "the whole picture"},
        },
    ),
    "training_loop": Guide(
        "Drag over the prediction and move through the steps. Which class does each step push up at this pixel?",
        [
            Step(
                "All weights are random. The network says bus everywhere. This pixel is a bus: is the network right, "
                "and will training leave it alone?",
                {"step": 0},
                "It is right by luck: softmax gives the bus 0.19, and 0.81 is still missing. A step pushes a score "
                "wherever softmax and truth differ, also where the answer is right.",
            ),
            Step(
                "Five steps later. What does it say, and what does it say of this bus?",
                {"step": 5},
                "Sky, everywhere: it is one of the two largest classes, and its many pixels push their score up. This "
                "pixel pushes the other way, the bus up and the sky down.",
            ),
            Step(
                "After 10 steps three quarters of the pixels are right. Which classes has it found?",
                {"step": 10},
                "Sky and road. Not one pixel of the bus, of a car, a bicycle or a pole: a loss that is a mean over "
                "pixels learns large things first.",
            ),
            Step(
                "At step 80 the bus is there. How hard is this pixel pushed now?",
                {"step": 80},
                "Hardly: softmax gives the bus 0.95. From now on nearly all of the loss comes from pixels that are "
                "still wrong.",
            ),
            Step(
                "The last step. This pixel lies on the rim of the pole. Is it learned?",
                {"step": 160, "place": [3, 2]},
                "No: the network says pole, and it is sky. Its scores have stride 4, so its poles are too fat. The "
                "thin things stay behind.",
            ),
        ],
        {
            "before training": {"step": 0},
            "only sky": {"step": 5},
            "sky and road": {"step": 10},
            "a pole, at the end": {"step": 160, "place": [3, 6]},
        },
    ),
    "receptive_field": Guide(
        "Drag over the picture: what is shaded cannot change this unit. Then choose a deeper layer.",
        [
            Step(
                "This unit lies on a thing. Can it see the whole of it? Predict, then switch on where it really looks.",
                {"gradient": True},
                "The theoretical field says what could count. The gradient says what does: mostly the middle.",
            ),
            Step(
                "Move the unit to the corner of the picture. What happens to its field?",
                {"place": [0, 0], "gradient": True},
                "The field is cut off at the border. What it loses is filled with padding, which holds no picture.",
            ),
            Step(
                "Go back to the start and hide the picture patch by patch. Will the map agree with the gradient, "
                "which is painted over the picture?",
                {"gradient": True, "occlusion": True},
                "Largely. Occlusion changes the picture by a finite amount, the gradient by a tiny one, and so they "
                "may differ where the network saturates.",
            ),
        ],
    ),
    "break_the_network": Guide(
        "Drag in the scene: stretch the bus, slide the cab, move the hull. Make one network fail while another holds.",
        [
            Step(
                "The bus grows to the width of the picture. Who loses it first?",
                {"bus": 56},
                "Look for holes in the middle of the bus: a unit there sees neither end of it.",
            ),
            Step(
                "Only the cab tells a bus from a tram. One network sees 27 pixels, the other 99. Slide the cab towards "
                "the middle: which one changes its mind?",
                VEHICLES | {"slid": 28},
                "Each names what lies within its reach of the cab. The far-sighted one can name the whole vehicle.",
            ),
            Step(
                "In the harbour the nearer edge decides: water makes the hull a boat, road a car. Where would a "
                "network that sees 27 pixels begin to guess?",
                HARBOUR | {"hull": [16, 16]},
                "In the middle, out of sight of both edges. There its answer is a guess.",
            ),
        ],
        {
            "longest bus": {"bus": 56},
            "thinnest pole": {"pole": 1},
            "cab in the middle": VEHICLES | {"slid": 28},
            "hull between both edges": HARBOUR | {"hull": [16, 16]},
        },
    ),
    "unpooling": Guide(
        "Drag the 9 into another cell of its window, and play its way. Which way back brings it home?",
        [
            Step(
                "Only the largest value of each window falls into the pool. Which of the four knows where it stood?",
                {"stage": "pooled"},
                "None: a pooled map has values and no places. Move a value within its window, and the pool stays the "
                "same.",
            ),
            Step(
                "SegNet stores one number for each value of the pool. Which one?",
                {"stage": "places kept"},
                "The index of the cell that won. It crosses to the decoder at once; the values go on through the "
                "network and come later.",
            ),
            Step(
                "The 9 stands in the lower right of its window. After pooling only the value is left. Where will a "
                "fixed corner put it? Where will the index put it?",
                {"peak": [1, 1]},
                "The index was stored while pooling, so the 9 returns to (1, 1). The fixed corner puts it at (0, 0).",
            ),
            Step(
                "Move the 9 to the upper left of its window. Which ways are right now?",
                {"peak": [0, 0]},
                "All three put the largest value there, and two of them by luck: the corner is always the upper left, "
                "and bilinear spreads the value over the whole window.",
            ),
            Step(
                "Unpooling leaves three zeros in each window. What does the convolution after it do with them?",
                {"peak": [2, 3], "fill": "index"},
                "It spreads each value over the holes around it: the last map has no hole left. SegNet learns this "
                "convolution; unpooling itself learns nothing.",
            ),
        ],
        {
            "only the pool": {"stage": "pooled"},
            "home by luck": {"peak": [0, 0]},
            "far from the corner": {"peak": [3, 3]},
        },
    ),
    "upsampling": Guide(
        "Choose a method and turn its knobs. Every output is a weighted sum of inputs: the weights are written out.",
        [
            Step(
                "Each input stamps a 3 x 3 kernel of ones, two pixels apart. Where do stamps overlap?",
                TRANSPOSED | {"kernel": 3, "stride": 2},
                "In every second row and column: there up to four inputs add up, elsewhere one. A flat map comes out "
                "as a checkerboard.",
            ),
            Step(
                "Choose a kernel that makes a flat map come out flat at stride 2.",
                TRANSPOSED | {"kernel": 4, "stride": 2},
                "A kernel whose side is a multiple of the stride: every output gets the same number of stamps.",
            ),
            Step(
                "Can a transposed convolution be bilinear upsampling?",
                TRANSPOSED | {"kernel": 4, "stride": 2, "padding": 1, "weights": "bilinear"},
                "Yes, with these weights. FCN initialises its upsampling layers this way, and training changes them.",
            ),
        ],
        {
            "checkerboard": TRANSPOSED | {"kernel": 3, "stride": 2},
            "no checkerboard": TRANSPOSED | {"kernel": 4, "stride": 2},
            "six stamps have fallen": TRANSPOSED | {"kernel": 3, "stride": 2, "stamps": 6},
            "bilinear as a convolution": TRANSPOSED | {"kernel": 4, "stride": 2, "padding": 1, "weights": "bilinear"},
        },
    ),
    "skips": Guide(
        "Click a bridge of the network to cut it. What goes missing in the prediction?",
        [
            Step(
                "Cut the bridge at full size. Which pixels go wrong first: edges, small things or the inside?",
                {"fourth": False},
                "Compare the bars. A skip at a fine stride carries where an edge is.",
            ),
            Step(
                "Now cut the deepest bridge only. Is that better or worse?",
                {"first": False},
                "Coarse maps also come up through the decoder, so there is another way for what this bridge carries.",
            ),
            Step(
                "Cut all four. What is left?",
                {"first": False, "second": False, "third": False, "fourth": False},
                "What the deepest map knows: roughly which classes are there, and roughly where.",
            ),
            Step(
                "Now a U-Net that labels a photograph, and its maps down to the last, of 5 x 7 cells. Will you see the "
                "cat in it? Then play on.",
                {"network": "U-Net on a photograph", "stage": "down to stride 32"},
                "Not its outline: a cell stands for 32 pixels. On the way up each copy brings back places that the map "
                "below it has lost. Cut a bridge, and play again.",
            ),
        ],
        {
            "all bridges": {},
            "none": {"first": False, "second": False, "third": False, "fourth": False},
            "FCN-8s without skips": {"network": "FCN-8s", "first": False, "second": False},
            "follow the map": {"network": "U-Net on a photograph", "stage": "the picture"},
            "a cat without skips": {
                "network": "U-Net on a photograph",
                "first": False,
                "second": False,
                "third": False,
                "fourth": False,
            },
        },
    ),
    "dilation": Guide(
        "Drag the pattern apart: the rate follows your hand. What does the stack read, and what does it skip?",
        [
            Step(
                "Three layers, rate 1, read 7 x 7 pixels. With rate 2 the box grows to 13 x 13. How many of its 169 "
                "pixels are read?",
                {"rate": 2},
                "49, as many as before: every second row and column is skipped. This is gridding.",
            ),
            Step(
                "The same three layers with rates 1, 2 and 5. Is anything skipped?",
                {"schedule": "1, 2, 5, repeated"},
                "Nothing: all 289 pixels of a 17 x 17 box. No rate is larger than what the layers before read whole.",
            ),
            Step(
                "One layer at rate 24, on a map of 65 x 65. How many of its nine weights land on the map, on average?",
                {"layers": 1, "rate": 24},
                "Little more than half of them. From most places the outer taps fall off the map.",
            ),
            Step(
                "And at rate 65?",
                {"layers": 1, "rate": 65},
                "Only the middle weight, everywhere: the 3 x 3 kernel has become a 1 x 1. DeepLab v3 adds pooling over "
                "the whole image for this reason.",
            ),
        ],
        {
            "gridding": {"rate": 2},
            "no holes: 1, 2, 5": {"schedule": "1, 2, 5, repeated"},
            "rate 65 is a 1 x 1": {"layers": 1, "rate": 65},
        },
    ),
    "crf": Guide(
        "A blurred mask meets the photograph. Turn one knob at a time: when does the edge snap to the cat?",
        [
            Step(
                "No round yet: this is the coarse map. What will five rounds change, the inside or the edge?",
                {"iterations": 5},
                "The edge. Inside, neighbours agree already.",
            ),
            Step(
                "Let appearance count for nothing. Only smoothness is left. What can it do?",
                {"w1": 0},
                "It removes small islands and rounds corners. It cannot find the edge: it does not look at colours.",
            ),
            Step(
                "Make the tolerance of colour wide. Where will the mask leak?",
                {"theta_rgb": 40},
                "Wherever the background resembles the cat: with a tolerance of 40 grey levels they look alike.",
            ),
        ],
        {
            "before": {"iterations": 0},
            "smoothness alone": {"w1": 0},
            "colour-blind": {"theta_rgb": 40},
            "appearance alone": {"w2": 0},
        },
    ),
    "pyramids": Guide(
        "Drag the chosen cell over the photograph. What does each branch learn about the rest of it?",
        [
            Step(
                "This cell lies on the face. Which rates see something else?",
                {"cell": [6, 15]},
                "All of them. Rate 6 already reads mostly background; at rate 18 seven of nine taps have left the map.",
            ),
            Step(
                "Move it into the corner. How many taps are left at each rate?",
                {"cell": [0, 0]},
                "Four of nine at every rate. The other five multiply zeros.",
            ),
            Step(
                "The same cell, with PSPNet's bins. What does a bin know that nine taps miss?",
                POOLING | {"cell": [6, 15]},
                "A bin averages all of its cells, so nothing in it is skipped. What it forgets is where in the bin a "
                "thing was.",
            ),
        ],
        {"in the corner": {"cell": [0, 0]}, "PSPNet's bins": POOLING},
    ),
    "output_stride": Guide(
        "Click a stage to trade its stride for a rate. What does a finer map cost?",
        [
            Step(
                "The plain ResNet has output stride 32. Take the last stride away. Which rate must conv5 get?",
                {"stride": 16},
                "Rate 2: its taps then lie where they lay on the coarser map, so the trained weights stay useful.",
            ),
            Step(
                "Take another stride away. How do the multiply-adds grow?",
                {"stride": 8},
                "Threefold from stride 16. conv4, with the most layers, now runs on a map with four times the cells.",
            ),
            Step(
                "DeepLab v3 multiplies the rates of conv5 by 1, 2, 4. What does that cost?",
                {"stride": 16, "multi_grid": "1, 2, 4 (DeepLab v3)"},
                "Nothing: the same weights on the same maps, only the taps move.",
            ),
        ],
        {
            "classifier": {"stride": 32},
            "v3 at stride 16": {"stride": 16, "multi_grid": "1, 2, 4 (DeepLab v3)"},
            "v3 at stride 8": {"stride": 8, "multi_grid": "1, 2, 4 (DeepLab v3)"},
        },
    ),
    "convolution_cost": Guide(
        "Turn kernel and channels. When does splitting a convolution in two save most?",
        [
            Step(
                "A 3 x 3 convolution with 64 channels in and out. What share is left when it is made separable?",
                SEPARABLE,
                "About an eighth: 1/64 for the depthwise part, 1/9 for the 1 x 1.",
            ),
            Step(
                "And with a 1 x 1 kernel?",
                SEPARABLE | {"kernel": 1},
                "Nothing is saved. A 1 x 1 has no spatial part to split off, so the second layer comes on top.",
            ),
            Step(
                "Fewer products should mean less time. Measure it.",
                SEPARABLE | {"timed": True},
                "The time saved is usually smaller than the products saved: a depthwise layer moves as much data as a "
                "plain one and computes little with it.",
            ),
        ],
        {"a 1 x 1": SEPARABLE | {"kernel": 1}, "7 x 7": SEPARABLE | {"kernel": 7}},
    ),
    "separable_layer": Guide(
        "Each square is one multiply. Drag the areas larger, then play: which layer is done first, and with what?",
        [
            Step(
                "Both layers compute one pixel of four outputs. After 27 multiplies the depthwise step is done. How "
                "far is the plain layer?",
                {"done": 27},
                "Its first output, of four. The separable layer has filtered each input once, and has no output yet.",
            ),
            Step(
                "Twelve multiplies more, and the separable layer has all four outputs. How many has the plain one?",
                {"done": 39},
                "One, and a part of the second. The plain layer filters the inputs again for each output.",
            ),
            Step(
                "Let the plain layer finish. Are the outputs the same?",
                {"done": "all"},
                "Yes: here its kernels for one input differ only by a factor. That factor is the pointwise weight, and "
                "the shape that they share is the depthwise kernel. 39 multiplies did the work of 108.",
            ),
            Step(
                "Now the plain layer gets any kernels, and the separable layer the nearest that it can be. The same?",
                {"kernels": "any kernels"},
                "No. One shape for each input is not enough for four different kernels. A separable network must be "
                "trained as one; it cannot take over the weights of a plain one.",
            ),
            Step(
                "A 1 x 1 kernel. What is there to save?",
                {"kernel": 1},
                "Nothing: a 1 x 1 has no shape to share, and the depthwise step comes on top. With more outputs and "
                "larger kernels the plain area grows in both directions, and the separable one does not.",
            ),
        ],
        {
            "the separable one is done": {"done": 39},
            "one output": {"after": 1},
            "5 x 5, six outputs": {"kernel": 5, "after": 6},
            "not the same output": {"kernels": "any kernels"},
        },
    ),
    "ledger": Guide(
        "Click a tile. Was more found than the statement asked for? Then filter: what did not reproduce, and where?",
        [
            Step(
                "There are 79 statements. How many of them did our experiments leave undecided?",
                {"verdict": "undecided"},
                "Seven. Their intervals contain the bound, so these seeds could not tell. Choose one: the numbers say "
                "how many seeds would probably decide.",
            ),
            Step(
                "V5: separable layers cost the paper's network a seventh of a point. What do they cost ours?",
                {"statement": [6, 6]},
                "17 points: it does not reproduce here. The remark says why: our small network has no maps to spare.",
            ),
            Step(
                "Which statements of lecture 07 needed no measurement at all?",
                {"lecture": "07"},
                "Those with =, seven of thirteen: sizes, rates and weights, counted on the networks. What carries +, ? "
                "or x was trained over several seeds.",
            ),
            Step(
                "W1: at equal cost, on photographs, is DeepLab v3+ ahead of FCN-8s by what its paper reports?",
                {"verdict": "all", "lecture": "08", "statement": [7, 5]},
                "By 3 points at the end, but the interval of three seeds reaches below zero. After 80 steps it was 11 "
                "points behind: who learns fast is another question.",
            ),
            Step(
                "W4: the same question on painted avenues, from a random start, with five seeds. Who is ahead?",
                {"verdict": "all", "lecture": "08", "statement": [7, 6]},
                "DeepLab v3+, by 3 points again. The interval lies above zero and spans the bound: ahead, but by how "
                "much is open.",
            ),
            Step(
                "W5: the same avenues, with equal parameters in place of equal multiply-adds. Is it decided now?",
                {"verdict": "all", "lecture": "08", "statement": [7, 7]},
                "No: again 3 points, and with three seeds the interval reaches below zero. The row says how many seeds "
                "would probably decide.",
            ),
        ],
        {
            "undecided": {"verdict": "undecided"},
            "did not reproduce": {"verdict": "does not reproduce here", "statement": [6, 6]},
            "lecture 07": {"lecture": "07"},
        },
    ),
    "lineage": Guide(
        "Click a network: why it came, what it changed, and what it is made of.",
        [
            Step(
                "FCN-32s upsamples its scores in one step. What would you keep from the encoder to find edges again?",
                {"family": "SegNet"},
                "SegNet keeps the places of the maxima: indices, no values.",
            ),
            Step(
                "And if memory were no matter?",
                {"family": "U-Net"},
                "U-Net keeps the whole maps and concatenates them on the way up.",
            ),
            Step(
                "Instead of finding the detail again, could a network avoid losing it?",
                {"family": "DeepLab v3"},
                "DeepLab trades strides for rates, so that the last map stays fine.",
            ),
        ],
    ),
}
