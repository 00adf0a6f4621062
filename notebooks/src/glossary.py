# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Glossary
#
# Every term of the course in a line, and the lesson that explains it first. The names of the code are in `this type`;
# in code and tables each name means one thing.
#
# | term | meaning | lesson |
# |---|---|---|
# | **activation** | the function between two layers, such as ReLU; also what a layer gives | [10](10_what_d_learned.ipynb) |
# | **Adam** | the optimiser of the course: it divides each gradient by a running mean of its own size, so it does not see the scale of a loss | [01](01_adversarial_game.ipynb) |
# | **adversarial example** | an input changed, often invisibly, so that a network answers wrongly | [10](10_what_d_learned.ipynb) |
# | **agreement** | the share of pictures in which a judge reads the class that was asked for | [15](15_asking_for_it.ipynb) |
# | **aliasing** | false patterns that come from taking every n-th pixel; antialiasing takes means first | [09](09_colour_on_a_gpu.ipynb) |
# | **augmentation** | random changes of the images that D sees, real and generated ones alike (`--augment`) | [09](09_colour_on_a_gpu.ipynb) |
# | **baseline** | the version of a training that all others are compared with | [06](06_what_stabilises.ipynb) |
# | **batch** | the images that one step works on | [03](03_train_mnist.ipynb) |
# | **batch norm** | a layer that subtracts each channel's mean over the batch, divides by its standard deviation, and applies a learned gain and shift | [02](02_five_guidelines.ipynb) |
# | **beta1** | Adam's setting for how long it remembers past gradients; 0.5 here, 0.9 by default | [05](05_failure_lab.ipynb) |
# | **bfloat16** | a number of 16 bits with the range of float32 and fewer digits; `bf16` for short | [05](05_failure_lab.ipynb) |
# | **bias (of an estimate)** | how far an estimate is off on average; an unbiased one is right on average | [11](11_measuring_gans.ipynb) |
# | **bootstrap** | drawing as many items again from a sample, with replacement, many times, to see how much a number varies | [11](11_measuring_gans.ipynb) |
# | **bridge** | points between modes, which a continuous G cannot avoid | [01](01_adversarial_game.ipynb) |
# | **channels-last** | an order in memory in which the channels of a pixel lie side by side | [09](09_colour_on_a_gpu.ipynb) |
# | **checkerboard** | a regular pattern in generated images, from kernels whose stamps overlap unevenly | [02](02_five_guidelines.ipynb) |
# | **checkpoint** | all that is needed to go on with a training: networks, optimisers, random streams | [03](03_train_mnist.ipynb) |
# | **class plane** | a channel beside the image that is 1 everywhere if the image has that class, else 0 | [15](15_asking_for_it.ipynb) |
# | **class-wise distance** | the Frechet distance of each class to the real images of it; the mean over the classes | [15](15_asking_for_it.ipynb) |
# | **compilation** | turning a network into faster code before it is used; it takes time at the start | [09](09_colour_on_a_gpu.ipynb) |
# | **conditional** | said of a generator that is told the class it has to draw | [11](11_measuring_gans.ipynb) |
# | **confidence** | the judge's probability for its own answer, on average | [03](03_train_mnist.ipynb) |
# | **confidence interval** | a range computed so that about 95 of 100 such ranges, over repeated studies, contain the true value | [06](06_what_stabilises.ipynb) |
# | **confounded** | said of a claim from a comparison in which two things changed at once | [05](05_failure_lab.ipynb) |
# | **control** | a run or measurement in which the supposed cause is absent | [05](05_failure_lab.ipynb) |
# | **convolution** | a layer that lays a small kernel on every place of an image, with the same weights everywhere | [02](02_five_guidelines.ipynb) |
# | **covariance** | how two numbers vary together; for many numbers, a matrix | [11](11_measuring_gans.ipynb) |
# | **coverage** | what of the data a generator can draw at all | [15](15_asking_for_it.ipynb) |
# | **covered** | said of a mode near which at least 2 % of the generated points lie | [01](01_adversarial_game.ipynb) |
# | **critic** | a D whose answer is any number, not a probability; how far apart it holds real and generated images is what counts | [13](13_what_came_after.ipynb) |
# | **cross-fade** | fading one picture out and another in, pixel by pixel | [07](07_latent_space.ipynb) |
# | **CUDA graph** | a recorded list of a GPU's operations that is replayed at once | [09](09_colour_on_a_gpu.ipynb) |
# | **D, `netD`** | the discriminator: a network that turns an image into a logit, large for "real" | [00](00_start_here.ipynb) |
# | **DDIM** | sampling with a diffusion model without new noise, so that the same noise always gives the same picture | [14](14_the_other_way.ipynb) |
# | **detach** | to cut a tensor off from its history, so that no gradient passes | [03](03_train_mnist.ipynb) |
# | **diffusion model** | a network that learns to take noise away from pictures, and draws by doing so step by step, from noise alone | [14](14_the_other_way.ipynb) |
# | **direction** | a vector of as many numbers as z, along which a slider moves z | [07](07_latent_space.ipynb) |
# | **disjoint supports** | two distributions that never produce the same points | [01](01_adversarial_game.ipynb) |
# | **dropout** | a layer that sets a random part of its inputs to 0 | [05](05_failure_lab.ipynb) |
# | **duplicates** | the share of pictures that have a near-twin in their own set | [04](04_training_as_a_film.ipynb) |
# | **D(x), D(G(z))** | D's probability that a real, or a generated, image is real | [00](00_start_here.ipynb) |
# | **EMA, `netG_ema`** | a moving average of G's weights, steadier than G; what is shown and scored | [00](00_start_here.ipynb) |
# | **entropy, `mode_entropy`** | how evenly classes turn up: 1 = evenly, 0 = one only | [04](04_training_as_a_film.ipynb) |
# | **epoch** | one pass through all images | [00](00_start_here.ipynb) |
# | **eps** | a small number added to a divisor so that nothing is divided by 0 | [01](01_adversarial_game.ipynb) |
# | **erratum** | a mistake in something published | [12](12_your_own_images.ipynb) |
# | **eval mode** | batch norm uses its running averages, dropout is off; a picture depends on its own z alone | [03](03_train_mnist.ipynb) |
# | **exemplar** | one of the pictures whose mean z stands for a concept | [07](07_latent_space.ipynb) |
# | **explorer** | the sliders, variations, corners and walks of one generator, in a notebook or on a page | [08](08_latent_sliders.ipynb) |
# | **export** | a generator written in a format that other programs run | [12](12_your_own_images.ipynb) |
# | **feature map** | what one channel of a convolution gives: an image of numbers | [10](10_what_d_learned.ipynb) |
# | **features** | the numbers of a network's inner layer, as a description of an image | [03](03_train_mnist.ipynb) |
# | **FID** | the Frechet distance in the features of the Inception network, and only in those | [11](11_measuring_gans.ipynb) |
# | **floor** | what real images score against other real images; the best that can be expected | [11](11_measuring_gans.ipynb) |
# | **Frechet distance, `fd`** | how far the mean and covariance of one set of features are from those of another | [03](03_train_mnist.ipynb) |
# | **fully connected** | said of a layer in which every input reaches every output; also called dense | [01](01_adversarial_game.ipynb) |
# | **fused Adam** | one operation that updates all weights, instead of several for each | [09](09_colour_on_a_gpu.ipynb) |
# | **G, `netG`** | the generator: a network that turns random numbers into an image | [00](00_start_here.ipynb) |
# | **gain and shift** | batch norm's two learned numbers for each channel, its `weight` and `bias` | [02](02_five_guidelines.ipynb) |
# | **gradient** | the derivatives of a loss with respect to all weights | [01](01_adversarial_game.ipynb) |
# | **gradient penalty, `gp`** | a price on how steep D is at images; `gp` is that of WGAN-GP, which wants the steepness 1 | [01](01_adversarial_game.ipynb) |
# | **great circle** | the shortest way on a sphere from one point to another; the walk of slerp | [07](07_latent_space.ipynb) |
# | **group norm** | a layer that normalises groups of channels of one image, whatever else is in the batch | [14](14_the_other_way.ipynb) |
# | **guided backpropagation** | a gradient that keeps only what raises a feature, to see which pixels do | [10](10_what_d_learned.ipynb) |
# | **hash** | a short code of an image; equal codes point to near-duplicates | [11](11_measuring_gans.ipynb) |
# | **hinge** | a loss that costs nothing once an answer is right by 1 | [13](13_what_came_after.ipynb) |
# | **Holm's correction** | a rule for many comparisons that keeps the probability of any false verdict below 5 % | [06](06_what_stabilises.ipynb) |
# | **Inception** | a network trained on photographs, whose features FID uses | [11](11_measuring_gans.ipynb) |
# | **ink** | how much of a picture is lit, as a guard against blank pictures | [05](05_failure_lab.ipynb) |
# | **instance noise** | noise added to every image that D sees | [06](06_what_stabilises.ipynb) |
# | **inversion** | the search, downhill, for the z whose picture is nearest to a given one | [15](15_asking_for_it.ipynb) |
# | **Jensen-Shannon divergence, JSD** | a measure of the difference of two densities, from 0 to log 2 | [01](01_adversarial_game.ipynb) |
# | **judge** | a classifier of real images, whose answers and features score generated ones | [03](03_train_mnist.ipynb) |
# | **kernel** | the small square of weights of a convolution | [02](02_five_guidelines.ipynb) |
# | **kernel distance, `kd`** | a distance of two sets of features that compares pairs of points; unbiased | [11](11_measuring_gans.ipynb) |
# | **kimg** | thousand real images shown: the clock of every curve | [00](00_start_here.ipynb) |
# | **L2-SVM** | a linear classifier with a squared hinge loss, the paper's choice | [10](10_what_d_learned.ipynb) |
# | **label smoothing** | training D towards 0.9 instead of 1 for real images | [06](06_what_stabilises.ipynb) |
# | **latent space** | the space of all z | [07](07_latent_space.ipynb) |
# | **latent vector, `z`, `nz`** | G's random numbers, and how many they are | [00](00_start_here.ipynb) |
# | **LeakyReLU** | an activation with a small slope below zero instead of none | [02](02_five_guidelines.ipynb) |
# | **learning rate, `lr_g`, `lr_d`** | how far an optimiser moves a weight in a step, for G and for D | [01](01_adversarial_game.ipynb) |
# | **least squares** | a loss that takes the squared error of D's plain answer | [05](05_failure_lab.ipynb) |
# | **lerp** | a walk on the straight line between two z | [07](07_latent_space.ipynb) |
# | **likeness** | the mean correlation between the pixels of two pictures of a set | [05](05_failure_lab.ipynb) |
# | **logistic regression** | a linear classifier that answers with probabilities | [10](10_what_d_learned.ipynb) |
# | **logit** | the number that a sigmoid turns into a probability | [01](01_adversarial_game.ipynb) |
# | **loss** | the number that a player makes small | [01](01_adversarial_game.ipynb) |
# | **loss scaling** | multiplying a loss so that small gradients survive in float16 | [09](09_colour_on_a_gpu.ipynb) |
# | **McNemar's test** | a comparison of two answers to the same questions by those questions on which they differ | [05](05_failure_lab.ipynb) |
# | **mean ± half-width** | a mean over seeds, and half of the width of its 95 % confidence interval | [05](05_failure_lab.ipynb) |
# | **memoriser** | a generator, real or imagined, that returns training images | [07](07_latent_space.ipynb) |
# | **minimax** | the loss of a G that maximises what D minimises; its slope is nearly 0 where D is sure | [01](01_adversarial_game.ipynb) |
# | **mode** | a place where data are dense, such as one kind of digit | [01](01_adversarial_game.ipynb) |
# | **mode collapse** | G answers many different z with the same few pictures, or with one | [01](01_adversarial_game.ipynb) |
# | **model card** | a page that says what a model does, from which data, how well, and what it is not for | [12](12_your_own_images.ipynb) |
# | **momentum** | going on in the direction of the last moves | [15](15_asking_for_it.ipynb) |
# | **`n_critic`** | how many updates of D come before one of G; a step is all of them | [13](13_what_came_after.ipynb) |
# | **Nash equilibrium** | a point where no player gains anything by moving alone | [01](01_adversarial_game.ipynb) |
# | **nearest neighbour** | the image of another set that is closest to a given one | [07](07_latent_space.ipynb) |
# | **`ngf`, `ndf`, `nc`** | channels of G's last and D's first hidden layer; channels of an image | [00](00_start_here.ipynb) |
# | **non-saturating** | the usual loss of G, -log D(G(z)); it is steep where D sees through G | [01](01_adversarial_game.ipynb) |
# | **one-hot** | a class as a row of 0 with a single 1 in its place | [15](15_asking_for_it.ipynb) |
# | **ONNX** | a file format for networks | [12](12_your_own_images.ipynb) |
# | **optimiser** | what turns gradients into changes of the weights, such as Adam | [01](01_adversarial_game.ipynb) |
# | **overfitting** | learning the training images themselves instead of what they have in common | [06](06_what_stabilises.ipynb) |
# | **padding** | zeros put around an image before a convolution | [02](02_five_guidelines.ipynb) |
# | **paired** | said of a comparison item by item: the same seed, the same z, the same question | [11](11_measuring_gans.ipynb) |
# | **palette** | the list of colours that a GIF's pixels point to | [04](04_training_as_a_film.ipynb) |
# | **parameter** | a number that training changes | [00](00_start_here.ipynb) |
# | **pooling** | making a map smaller by a fixed rule, such as the largest of four | [02](02_five_guidelines.ipynb) |
# | **precision (of a generator)** | the share of generated images that lie close to real ones | [06](06_what_stabilises.ipynb) |
# | **precision (of numbers)** | how many bits a number has, such as float32 or bfloat16 | [09](09_colour_on_a_gpu.ipynb) |
# | **prepare** | to decode, crop and scale images once, into one file | [09](09_colour_on_a_gpu.ipynb) |
# | **preset** | a set of settings with a name | [00](00_start_here.ipynb) |
# | **principal direction** | a direction of z that G's first layer stretches most: a singular vector of its weights | [08](08_latent_sliders.ipynb) |
# | **progressive growing** | training on tiny images first, and adding layers for larger ones | [13](13_what_came_after.ipynb) |
# | **projection discriminator** | a D that looks at the image alone and is told the class in its last layer, by a product with a vector for each class | [15](15_asking_for_it.ipynb) |
# | **p-value** | the probability of a difference at least as large as the one found if there were no true difference | [06](06_what_stabilises.ipynb) |
# | **quantile** | the value below which a given share of a distribution lies | [07](07_latent_space.ipynb) |
# | **R1, R2** | the price on D's squared steepness at real images, at generated ones; its strength is gamma | [01](01_adversarial_game.ipynb) |
# | **reach** | the distance of an image to its k-th nearest neighbour, for precision and recall | [11](11_measuring_gans.ipynb) |
# | **recall** | the share of real images that generated ones come close to | [06](06_what_stabilises.ipynb) |
# | **recorded run, recorded study** | trainings whose results come with the course, with the command that makes them again | [00](00_start_here.ipynb) |
# | **relativistic** | said of a loss in which D compares a real image with a generated one | [13](13_what_came_after.ipynb) |
# | **ReLU** | an activation that sets numbers below zero to 0 | [02](02_five_guidelines.ipynb) |
# | **residual** | said of a block with a way around it, so that it only adds to what goes in | [14](14_the_other_way.ipynb) |
# | **resume** | to go on with a stopped training from its checkpoint | [03](03_train_mnist.ipynb) |
# | **running statistics** | batch norm's averages over past batches, used in eval mode | [05](05_failure_lab.ipynb) |
# | **saddle point** | a place where a function rises in some directions and falls in others | [01](01_adversarial_game.ipynb) |
# | **saturate** | to have a slope near 0, so that nothing is learned | [01](01_adversarial_game.ipynb) |
# | **seed** | the number from which all random numbers of a run follow | [03](03_train_mnist.ipynb) |
# | **sharpness** | how much neighbouring pixels differ, over that of real images | [05](05_failure_lab.ipynb) |
# | **shell** | the thin layer, far from 0, on which normal z in many dimensions lie | [07](07_latent_space.ipynb) |
# | **sigmoid** | the function that turns a logit into a probability | [01](01_adversarial_game.ipynb) |
# | **singular vector** | a direction that a matrix stretches by one of its singular values, at right angles to the others | [08](08_latent_sliders.ipynb) |
# | **skip connection** | a way past some layers: what goes in is handed on to a later layer as well | [14](14_the_other_way.ipynb) |
# | **slerp** | a walk on the great circle between two z | [07](07_latent_space.ipynb) |
# | **softplus** | log(1 + exp(x)): the GAN's losses on logits, with no probability that could be rounded to 0 or 1 | [01](01_adversarial_game.ipynb) |
# | **specks, stray pixels** | single bright pixels or small patches beside a stroke | [01](01_adversarial_game.ipynb) |
# | **spectral norm** | dividing a layer by its largest singular value, so that D cannot become steep | [05](05_failure_lab.ipynb) |
# | **standard deviation** | the usual distance of numbers from their mean | [01](01_adversarial_game.ipynb) |
# | **standard error** | the standard deviation of a mean or a share | [06](06_what_stabilises.ipynb) |
# | **standing statistics** | batch norm's averages measured anew for a finished network | [05](05_failure_lab.ipynb) |
# | **step** | one update of G, after one of D, or after `n_critic` of them | [00](00_start_here.ipynb) |
# | **stride** | how far a kernel moves from one place to the next | [02](02_five_guidelines.ipynb) |
# | **Student's distribution** | what replaces the normal one where the standard deviation is itself a guess from few numbers | [06](06_what_stabilises.ipynb) |
# | **study** | several configs, each trained with several seeds | [05](05_failure_lab.ipynb) |
# | **style mixing** | giving G's first layers one z and its later layers another | [13](13_what_came_after.ipynb) |
# | **supervised** | said of a network that learns from labels | [10](10_what_d_learned.ipynb) |
# | **synchronised batch norm** | batch norm with the statistics of all GPUs together | [09](09_colour_on_a_gpu.ipynb) |
# | **tanh** | an activation from -1 to 1; G's output | [02](02_five_guidelines.ipynb) |
# | **third moment** | the mean of products of three coordinates; it sees what mean and covariance do not | [11](11_measuring_gans.ipynb) |
# | **train mode** | batch norm uses the statistics of the batch at hand | [03](03_train_mnist.ipynb) |
# | **train on fake, test on real** | judging generated images by what a classifier learns from them | [11](11_measuring_gans.ipynb) |
# | **transposed convolution** | a convolution turned round, which makes maps larger; the paper's *fractionally strided* convolution | [02](02_five_guidelines.ipynb) |
# | **truncation** | making z shorter, or its numbers smaller, for more typical and less varied pictures | [15](15_asking_for_it.ipynb) |
# | **turn vector** | the paper's difference of mean z of two groups, along which faces turn | [07](07_latent_space.ipynb) |
# | **two-sample test** | asks whether two sets come from one distribution | [11](11_measuring_gans.ipynb) |
# | **U-Net** | a network that goes down to small sizes and up again, with skip connections between equal sizes | [14](14_the_other_way.ipynb) |
# | **velocity** | of a mixture of picture and noise: where it moves as the noise grows; what the network of lesson 14 answers | [14](14_the_other_way.ipynb) |
# | **Wasserstein loss** | the difference of D's mean answers; it means something for a D that may not be steep | [13](13_what_came_after.ipynb) |
# | **`x_real`, `x_fake`** | images from the data, images from G; always between -1 (black) and 1 (white) | [00](00_start_here.ipynb) |
# | **`z_fixed`** | z drawn once and kept, so that pictures of different moments can be compared | [04](04_training_as_a_film.ipynb) |
# | **zero-sum** | said of a game in which one player's gain is the other's loss | [01](01_adversarial_game.ipynb) |
